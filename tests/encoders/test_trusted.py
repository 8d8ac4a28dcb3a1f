"""A file of somebody else leads nowhere: what it names is used once this user has named it, or said yes."""

from __future__ import annotations

import json
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.encoders import packages
from tests.encoders.serving import Endpoint

import knnife
from knnife.encoders import trusted
from knnife.encoders.openai import OpenAIEncoder

NOBODY_ELSE = 0o600


@pytest.fixture(autouse=True)
def new_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Somebody who has named no encoder so far; the file of what is named from now on."""
    monkeypatch.setenv("KNNIFE_TRUST", str(tmp_path / "user" / "trusted.jsonl"))
    monkeypatch.setattr(trusted, "_named", set())
    return tmp_path / "user" / "trusted.jsonl"


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch):
    with Endpoint() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "secret")
        yield server


def theirs(path: Path, encoder: str, fingerprint: str = "") -> Path:
    """A space that says its vectors were made by this encoder, as somebody may write it down who never had one."""
    with knnife.Space.open(path) as space:
        space.add([{"id": "a", "text": "a red car"}, {"id": "b", "text": "the sky"}], np.eye(2, 3, dtype=np.float32))
    with sqlite3.connect(path) as db:
        db.execute("UPDATE views SET encoder = ?, fingerprint = ?, kind = 'text'", [encoder, fingerprint])
    db.close()
    return path


def test_no_query_and_no_key_is_sent_to_an_endpoint_that_a_file_names(tmp_path: Path, endpoint: Endpoint) -> None:
    with knnife.Space.open(theirs(tmp_path / "s.knnife", "openai:toy")) as space:
        for ask in (
            lambda: space.search("my secret plan"),
            lambda: space.near("my secret plan"),
            lambda: space.add(["mine"]),
            lambda: space.encoder,
            lambda: space.within("mine"),
        ):
            with pytest.raises(knnife.Untrusted, match=rf"openai:toy at the endpoint {endpoint.url}.*nothing sent"):
                ask()
        knnife.doctor(space)
        assert [hit.id for hit in space.search("car", by="words")] == ["a"]
        assert space.near(ids=["a"], k=1).ids == [["b"]]
    assert endpoint.seen == []


def test_what_this_user_has_named_may_be_named_by_files(tmp_path: Path, endpoint: Endpoint) -> None:
    """By its name, or as an object; and by another process of this user."""
    with knnife.Space.open(tmp_path / "mine.knnife", OpenAIEncoder("toy", url=endpoint.url)) as space:
        space.add(["a red car"])
    trusted._named.clear()
    with knnife.Space.open(tmp_path / "mine.knnife") as space:
        assert next(iter(space.search("a red car"))).value == "a red car"


@pytest.mark.parametrize("name", ["/etc/passwd", "../../../etc/passwd", "~/model", "./x.onnx"])
def test_no_path_that_a_file_names_is_opened(tmp_path: Path, name: str) -> None:
    with knnife.Space.open(theirs(tmp_path / "s.knnife", name)) as space:
        with pytest.raises(knnife.Untrusted, match="the files of /") as raised:
            space.search("car")
        assert raised.value.encoder == name
        assert space.info().views[0].untrusted is not None


def test_what_is_built_in_or_cached_or_nothing_at_all_needs_no_yes(tmp_path: Path) -> None:
    assert [trusted.leads_to(name) for name in ("english", "minilm", "copies", "hf:a/b", "nothing")] == [None] * 5
    with knnife.Space.open(theirs(tmp_path / "s.knnife", "nothing")) as space:
        with pytest.raises(knnife.NotFound, match="no encoder 'nothing'"):
            space.search("car")


def test_an_encoder_of_another_package_needs_a_yes(tmp_path: Path) -> None:
    """It may send what it is given wherever it likes."""
    packages.install(
        tmp_path, "cloud", "[knnife.encoders]\ncloud = cloud:make\n", {"cloud.py": "raise SystemExit('run')"}
    )
    program = "from knnife.encoders import trusted; print(trusted.leads_to('cloud'))"
    assert "cloud, an encoder of another package (cloud:make)" in packages.python(tmp_path, program).stdout


def test_the_base_of_a_whitened_encoder_that_a_space_keeps_needs_a_yes_too(tmp_path: Path, endpoint: Endpoint) -> None:
    base = OpenAIEncoder("toy", url=endpoint.url)
    whitened = knnife.WhitenedEncoder.train(base, [f"the {n} cars" for n in range(40)])
    with knnife.Space.open(tmp_path / "s.knnife", whitened) as space:
        space.add(["a red car"])
    endpoint.seen.clear()
    trusted._named.clear()
    with knnife.Space.open(tmp_path / "s.knnife") as space, pytest.raises(knnife.Untrusted, match=r"s\.knnife names"):
        space.search("car")
    assert endpoint.seen == []


def test_the_list_is_for_its_user_alone_and_survives_damage(new_user: Path, tmp_path: Path) -> None:
    (tmp_path / "w.vec").write_text("1 2\ncar 1 0\n")
    knnife.load_encoder(str(tmp_path / "w.vec"))
    assert stat.S_IMODE(new_user.stat().st_mode) == NOBODY_ELSE
    new_user.write_bytes(b"\xff\n[]\n" + new_user.read_bytes() + b'{"enc')
    trusted._named.clear()
    trusted.check(str(tmp_path / "w.vec"), tmp_path)
    assert [json.loads(line) for line in new_user.read_bytes().splitlines()[2:3]]


def test_many_processes_note_at_once_and_none_is_lost(new_user: Path, tmp_path: Path) -> None:
    program = "import sys; from knnife.encoders import trusted; [trusted.note(f'{sys.argv[1]}/{n}') for n in range(50)]"
    running = [subprocess.Popen([sys.executable, "-c", program, f"/models/{each}"]) for each in "abc"]
    assert [each.wait() for each in running] == [0] * 3
    assert len({json.loads(line)["encoder"] for line in new_user.read_text().splitlines()}) == 150


def test_a_home_that_cannot_be_written_is_asked_again(new_user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new_user.parent.write_text("a file where a folder should be")
    assert not trusted.note("/models/mine")
    trusted.check("/models/mine", "the detector")
    monkeypatch.setattr(trusted, "_named", set())
    with pytest.raises(knnife.Untrusted, match=r"in Python knnife\.load_encoder\('/models/mine'\)"):
        trusted.check("/models/mine", "the detector")


def test_a_detector_of_somebody_else_leads_nowhere_either(tmp_path: Path, endpoint: Endpoint) -> None:
    encoder = OpenAIEncoder("toy", url=endpoint.url)
    detector = knnife.Detector.fit([f"the {n} cars" for n in range(60)], encoder=encoder)
    detector.save(tmp_path / "d.safetensors")
    trusted._named.clear()
    endpoint.seen.clear()
    with pytest.raises(knnife.Untrusted, match="the detector names an encoder"):
        knnife.Detector.load(tmp_path / "d.safetensors").score(["a car"])
    assert endpoint.seen == []


def knnife_says(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "knnife", *args], capture_output=True, text=True)


def test_the_command_shows_what_a_space_names_and_keeps_the_yes(tmp_path: Path, new_user: Path) -> None:
    (tmp_path / "w.vec").write_text("2 3\ncar 1 0 0\nsky 0 1 0\n")
    words = knnife.load_encoder(str(tmp_path / "w.vec"))
    new_user.unlink()
    space = str(theirs(tmp_path / "s.knnife", str(tmp_path / "w.vec"), words.fingerprint))

    refused = knnife_says("search", space, "car")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert f"knnife trust {space}" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert f"knnife trust {space}" in knnife_says("info", space).stdout

    nobody_there = knnife_says("trust", space)
    assert nobody_there.returncode == 2
    assert "w.vec" in nobody_there.stderr
    assert knnife_says("trust", space, "--yes").returncode == 0
    assert knnife_says("search", space, "car", "-k", "1").stdout.split("\t")[1] == "a"
    assert "needs a yes" in knnife_says("trust", space).stdout
