"""Trained encoders of others: what docs/models.md tells people to write survives in a space, or is refused in time."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.encoders.packages import PAGE, ROOT, environment, install, points, python
from tests.toys import Letters

from knnife import BadInput, Space, load_encoder
from knnife.encoders.forms import check_form, restore, written

CODE = next(
    code for code in re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE) if "from_bytes" in code
)
TEXTS = ["abba", "cabbage", "deed", "bead", "face"]
ADD = """
import signal
import sys
from knnife import Space
from knnife.space import batching
from crystal_vectors import CrystalEncoder
batching.SMALLEST_BATCH = batching.LARGEST_BATCH = 20
trained = CrystalEncoder.train(["abcdef"])
signal.setitimer(signal.ITIMER_PROF, float(sys.argv[2]))  # the kernel ends it when it has worked for so long
with Space.open(sys.argv[1], trained) as space:
    for number in range(30):
        space.add([{"id": f"{number} {i}", "text": "abcdef"[i % 6] * (number + 1)} for i in range(100)])
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder of packages with the one of the page."""
    install(tmp_path / "site", "crystal-vectors", points("knnife.forms"), {"crystal_vectors.py": CODE})
    return tmp_path / "site"


class Trained(Letters):
    """Letters, with what a test gives it of form and to_bytes."""

    def __init__(self, **names: object) -> None:
        super().__init__()
        self.__dict__.update(names)


def made(site: Path, path: Path) -> str:
    code = (
        "import sys; from knnife import Space; from crystal_vectors import CrystalEncoder;"
        f"space = Space.open({str(path)!r}, CrystalEncoder.train({TEXTS!r})); space.add({TEXTS!r}); space.close()"
    )
    return python(site, code).stdout


def test_it_survives_close_and_open_in_another_process(site: Path, tmp_path: Path) -> None:
    made(site, path := tmp_path / "a.knnife")
    code = (
        f"from knnife import Space; space = Space.open({str(path)!r}); space.add(['dad', 'gag']);"
        "value = lambda id: space.get(id)[0].value; found = space.near('abba', k=2).ids[0];"
        "print(space.encoder.letters, *map(value, found), space.search('face', by='meaning')[0].value, len(space))"
    )
    assert python(site, code).stdout.split() == ["abcdefg", "abba", "cabbage", "face", "7"]


def test_it_may_be_the_base_of_a_whitened_one(site: Path) -> None:
    code = (
        "from knnife import WhitenedEncoder as W; from crystal_vectors import CrystalEncoder as C;"
        f"from knnife.encoders.forms import restore; e = W.train(C.train({TEXTS!r}), {TEXTS!r});"
        "print(restore('whitened', e.to_bytes()).fingerprint == e.fingerprint)"
    )
    assert python(site, code).stdout == "True\n"


def test_without_its_package_a_search_says_what_is_missing_and_nothing_is_lost(site: Path, tmp_path: Path) -> None:
    made(site, path := tmp_path / "a.knnife")
    with Space.open(path) as space:
        ids, vectors = space.vectors()
        assert (len(ids), vectors.shape) == (5, (5, 7))
        assert space.near(ids=ids[:1], k=1).ids
        assert len(space.search("abba", by="words"))
        for ask in (lambda: space.near("abba"), lambda: space.search("abba"), lambda: space.add(["new"])):
            with pytest.raises(BadInput, match="'crystals'.* 'knnife.forms'.*install that package.*export") as caught:
                ask()
            assert "from a copy" not in str(caught.value)
        info = space.info()
    assert (info.things, info.views[0].encoder) == (5, "crystals")
    assert (
        python(site, f"import knnife; print(len(knnife.Space.open({str(path)!r}).near('a', k=5).ids[0]))").stdout
        == "5\n"
    )


@pytest.mark.parametrize("moment", [1e-6, 0.01, 0.03, 0.1, 0.2])
def test_it_survives_a_kill(site: Path, tmp_path: Path, moment: float) -> None:
    if not hasattr(signal, "SIGPROF"):
        pytest.skip("this system has no SIGPROF")
    path = tmp_path / "a.knnife"
    done = subprocess.run([sys.executable, "-c", ADD, path, str(moment)], cwd=ROOT, env=environment(site), check=False)
    assert done.returncode in (0, -signal.SIGPROF)
    if not path.exists():
        return
    code = (
        f"from knnife import Space; space = Space.open({str(path)!r});"
        "print(len(space) == 0 or (space.encoder.letters, len(space.near('abc', k=1).ids[0])) == ('abcdef', 1))"
    )
    assert python(site, code).stdout == "True\n"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({"form": "glass", "to_bytes": lambda: b""}, "form 'glass', which no installed package.*entry point 'glass'"),
        ({"form": 7, "to_bytes": lambda: b""}, "has a form, 7, but a form of type int: expected a form of type str"),
        ({"form": "rows"}, "but no method to_bytes"),
        ({"form": "rows", "to_bytes": b"x"}, "but no method to_bytes"),
        ({"form": "rows", "to_bytes": lambda: "x"}, r"to_bytes\(\) of the encoder letters gave str; expected bytes"),
    ],
)
def test_a_space_refuses_what_nobody_could_restore_before_it_writes(
    tmp_path: Path, names: dict[str, object], said: str
) -> None:
    encoder = Trained(**names)
    with Space.open(tmp_path / "new.knnife", encoder) as space:
        with pytest.raises(BadInput, match=said):
            space.add(TEXTS)
        if "gave str" not in said:
            assert not encoder.seen  # nothing was even encoded
        assert (len(space), space.info().views) == (0, ())
    with Space.open(tmp_path / "old.knnife", Letters("2")) as space:
        space.add(TEXTS)
        with pytest.raises(BadInput, match=said):
            space.reencode(encoder)
        assert [view.name for view in space.info().views] == ["letters"]


def test_an_encoder_without_a_form_is_kept_by_its_name() -> None:
    assert written(Letters()) is None
    check_form(load_encoder("english"))


def test_a_form_is_looked_up_only_among_the_installed() -> None:
    with pytest.raises(BadInput, match="entry point 'glass' in the group 'knnife.forms': install that package"):
        restore("glass", b"")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("", "no attribute 'CrystalEncoder'"),
        ("def CrystalEncoder(data): return len(data)", "is no encoder but of type int"),
        (
            "class CrystalEncoder:\n    from_bytes = staticmethod(lambda data: data.decode('ascii'))",
            "UnicodeDecodeError",
        ),
    ],
)
def test_whatever_a_package_does_wrong_is_one_clear_error(tmp_path: Path, text: str, said: str) -> None:
    install(tmp_path, "crystal-vectors", points("knnife.forms"), {"crystal_vectors.py": text})
    code = (
        "import knnife.encoders.forms as f\n"
        "try: f.restore('crystals', b'\\xff')\n"
        "except f.BadInput as error: print(error)"
    )
    found = python(tmp_path, code).stdout
    assert said in found
    assert "crystal_vectors:CrystalEncoder" in found
