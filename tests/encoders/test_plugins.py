"""A package of somebody else as docs/models.md tells people to make it, installed for real, adds its encoders."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.encoders.packages import PAGE, install, points, python

from knnife.encoders import load_encoder, models
from knnife.errors import BadInput

MODEL = """
import numpy as np

class Klingon:
    name, dim, kind, fingerprint = "klingon", 3, "text", "klingon-1"

    def encode(self, values):
        return np.ones((len(values), 3), np.float32)

encoder = Klingon
"""
LIST = "import json, sys, knnife; print(json.dumps([e.row() for e in knnife.models({!r})])); "
IMPORTED = "sys.exit(any(name.startswith('klingon') for name in sys.modules))"


@pytest.fixture
def models_file() -> str:
    return re.search(r"^```toml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)[1]


def test_the_package_of_the_page_is_listed_with_its_facts_and_not_imported(tmp_path: Path, models_file: str) -> None:
    files = {"klingon_vectors/__init__.py": "1 / 0", "klingon_vectors/models.toml": models_file}
    install(tmp_path, "klingon-vectors", points("knnife.encoders", "knnife.catalogue"), files)
    rows = json.loads(python(tmp_path, LIST.format("klingon") + IMPORTED).stdout)
    small, large = rows
    assert (small["dim"], small["licence"], small["commercial"], small["languages"]) == (3, "MIT", True, ["tlh"])
    assert small["scores"] == [{"benchmark": "Duels, accuracy", "value": 97.5, "source": "https://example.org/duels"}]
    assert (small["here"], small["needs"]) == ("installed", "")
    assert (large["target"], large["commercial"], large["query_prefix"]) == (
        "hf:example/klingon-large",
        False,
        "query: ",
    )


@pytest.mark.parametrize("groups", [("knnife.encoders",), ("knnife.catalogue",)])
def test_each_of_the_two_entry_points_is_enough_to_load_it(
    tmp_path: Path, models_file: str, groups: tuple[str, ...]
) -> None:
    files = {
        "klingon_vectors/__init__.py": "",
        "klingon_vectors/model.py": MODEL,
        "klingon_vectors/models.toml": models_file,
    }
    install(tmp_path, "klingon-vectors", points(*groups), files)
    code = "import knnife as k; print(k.load_encoder('klingon').encode(['Qapla']).shape, k.find_model('klingon').what)"
    out = python(tmp_path, code).stdout
    assert out.startswith("(1, 3) ")
    assert "the language of the empire" in out or "the package klingon-vectors" in out


@pytest.mark.parametrize(
    ("target", "text", "why"),
    [
        ("klingon_vectors:models.toml", "[[model]", "models.toml: expected [[model]] tables"),
        ("klingon_vectors:models.toml", "[[model]]\nname='x'\ncolour='red'", "colour"),
        ("klingon_vectors:absent.toml", "", "absent.toml"),
        ("nowhere:models.toml", "", "expected the name of a package"),
        ("klingon_vectors", "", "klingon_vectors"),
        (":", "", "expected the name of a package"),
    ],
)
def test_a_broken_file_is_an_entry_that_says_so_and_disturbs_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, text: str, why: str
) -> None:
    files = {"klingon_vectors/__init__.py": "", "klingon_vectors/models.toml": text}
    install(tmp_path, "klingon-vectors", f"[knnife.catalogue]\nklingon = {target}\n", files)
    monkeypatch.syspath_prepend(str(tmp_path))
    entries = {entry.name: entry for entry in models()}
    assert {"english", "bge-m3"} <= entries.keys()
    assert why in entries["klingon"].needs
    assert "klingon-vectors" in entries["klingon"].what
    with pytest.raises(BadInput, match="klingon is in the catalogue, but cannot be loaded yet"):
        load_encoder("klingon")
