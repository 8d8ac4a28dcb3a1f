"""A training that is interrupted: a usable model at once, and the same one in the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from tests.encoders.test_training import two_topics
from tests.interfaces.running import ROOT

from knnife import BadInput, DiskFull, TrainingStopped, WordVectors
from knnife.encoders._words import training_loop
from knnife.encoders._words.training import Trained, train
from knnife.encoders._words.training_step import train_block

SETTINGS: dict[str, Any] = {"dim": 12, "epochs": 6, "threads": 1}


def stopped(checkpoint: Path | None, after: int, texts: list[str], **settings: Any) -> Trained:
    """What there is when Ctrl-C comes after so many blocks."""
    done: list[int] = []
    lock, heard = threading.Lock(), threading.Event()

    def hear(*given: Any) -> None:
        heard.set()
        signal.default_int_handler(*given)

    def interrupted(*given: Any) -> tuple[float, int]:
        with lock:
            done.append(1)
            if len(done) == after:
                os.kill(os.getpid(), signal.SIGINT)
        if len(done) >= after:
            assert heard.wait(120)
        return train_block(*given)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(TrainingStopped) as caught:
        patch.setattr(training_loop, "train_block", interrupted)
        before = signal.signal(signal.SIGINT, hear)
        try:
            train(texts, checkpoint=checkpoint, **settings)
        finally:
            signal.signal(signal.SIGINT, before)
    so_far: Trained = caught.value.so_far
    assert 0 < so_far.about["done"] < 1
    return so_far


@pytest.mark.parametrize("more", [{}, {"subwords": (3, 4), "buckets": 500}, {"cbow": True}], ids=str)
def test_a_resumed_training_ends_with_the_same_vectors(tmp_path: Path, more: dict[str, Any]) -> None:
    texts, checkpoint, settings = two_topics(4000), tmp_path / "x.checkpoint", {**SETTINGS, **more}
    whole = train(texts, **settings)
    first = stopped(checkpoint, 20, texts, **settings)
    second = stopped(checkpoint, 200, texts, **settings)
    assert first.about["done"] < 0.5 < second.about["done"]
    assert len(second.about["loss"]) > len(first.about["loss"])
    told: list[float] = []
    resumed = train(texts, checkpoint=checkpoint, progress=lambda *step: told.append(step[2] or 0.0), **settings)
    assert second.about["done"] in told
    assert np.array_equal(resumed.table.vectors, whole.table.vectors)
    assert resumed.about["loss"] == whole.about["loss"]
    if resumed.table.subwords is not None and whole.table.subwords is not None:
        assert np.array_equal(resumed.table.subwords.vectors, whole.table.subwords.vectors)


def test_what_was_learned_so_far_can_be_used(tmp_path: Path) -> None:
    so_far = stopped(None, 200, two_topics(4000), **{**SETTINGS, "sample": 0})
    vectors = WordVectors(so_far.table, about=so_far.about)
    vectors.save(tmp_path / "so_far.vectors")
    again = WordVectors.load(tmp_path / "so_far.vectors")
    assert again.about == so_far.about
    assert again.near("cat", k=1).words[0][0] in ("dog", "cow", "hen", "pig", "fox")


def test_checkpoints_are_written_on_the_way_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint, texts = tmp_path / "x.checkpoint", two_topics(4000)
    monkeypatch.setattr("knnife.encoders._words.training.EVERY", 0.01)
    seen: list[bool] = []
    found = train(texts, checkpoint=checkpoint, progress=lambda *_: seen.append(checkpoint.exists()), **SETTINGS)
    assert seen[0] is False
    assert seen[-1] is True
    monkeypatch.undo()
    assert np.array_equal(found.table.vectors, train(texts, **SETTINGS).table.vectors)


def test_several_threads_resume_as_well(tmp_path: Path) -> None:
    texts, checkpoint = two_topics(4000), tmp_path / "x.checkpoint"
    stopped(checkpoint, 20, texts, **{**SETTINGS, "threads": 3})
    assert train(texts, checkpoint=checkpoint, **{**SETTINGS, "threads": 2}).about["done"] == 1


def test_the_checkpoint_of_another_training_is_refused(tmp_path: Path) -> None:
    texts, checkpoint = two_topics(4000), tmp_path / "x.checkpoint"
    stopped(checkpoint, 20, texts, **SETTINGS)
    with pytest.raises(
        BadInput, match=r"x.checkpoint is of a training .*: epochs was 6, is 7; seed was 0, is 1. Continue"
    ):
        train(texts, checkpoint=checkpoint, **{**SETTINGS, "epochs": 7, "seed": 1})
    with pytest.raises(BadInput, match="the corpus is another, or has changed.*remove the file"):
        train([*texts, "cat dog"], checkpoint=checkpoint, **SETTINGS)
    with pytest.raises(BadInput, match="the corpus is another"):
        train([text.replace("cat", "cats") for text in texts], checkpoint=checkpoint, **SETTINGS)


@pytest.mark.parametrize("content", [b"", b"text", b"\x08\0\0\0\0\0\0\0{}      ", "cut", "turned"])
def test_a_file_that_is_no_checkpoint_is_refused_and_stays(tmp_path: Path, content: Any) -> None:
    texts, checkpoint = two_topics(2000), tmp_path / "x.checkpoint"
    if isinstance(content, str):
        stopped(checkpoint, 20, texts, **SETTINGS)
        whole = checkpoint.read_bytes()
        content = whole[:-10] if content == "cut" else whole.replace(b'\\"seconds\\"', b'\\"minutes\\"')
    checkpoint.write_bytes(content)
    with pytest.raises(BadInput, match="x.checkpoint is (damaged|no checkpoint)"):
        train(texts, checkpoint=checkpoint, **SETTINGS)
    assert checkpoint.read_bytes() == content


@contextmanager
def short_files() -> Iterator[None]:
    """No file may be longer than 300 kB: more than the numbers of the corpus, less than a checkpoint."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_checkpoint_that_finds_no_room_leaves_the_one_before(tmp_path: Path) -> None:
    texts, checkpoint, settings = two_topics(4000), tmp_path / "x.checkpoint", {"subwords": (3, 4), "buckets": 10_000}
    stopped(checkpoint, 20, texts, **SETTINGS, **settings)
    before = checkpoint.read_bytes()
    with short_files(), pytest.warns(UserWarning, match="no checkpoint, .* no room to write .*x.checkpoint"):
        stopped(checkpoint, 20, texts, **SETTINGS, **settings)  # what was learned is there all the same
    assert checkpoint.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["x.checkpoint"]


def test_that_the_vectors_will_find_no_room_is_told_before_they_are_learned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=500))
    with pytest.raises(DiskFull, match=r"room for 500 bytes, the vectors take 768: make room"):
        train(two_topics(100), checkpoint=tmp_path / "x.checkpoint", **SETTINGS)


def test_a_corpus_that_finds_no_room_leaves_nothing_behind(tmp_path: Path) -> None:
    with short_files(), pytest.raises(DiskFull, match="no room in .* for the numbered corpus, 4 bytes a word"):
        train(two_topics(10_000), checkpoint=tmp_path / "x.checkpoint", **SETTINGS)
    assert not list(tmp_path.iterdir())


CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
import knnife
texts = ["cat dog cow hen pig fox " * 3, "car bus van cab tram lorry " * 3] * 3000
try:
    knnife.WordVectors.train(
        texts, dim=12, epochs=100_000, sample=0, checkpoint="x.checkpoint",
        progress=lambda doing, words, *_: print(doing, words, flush=True),
    )
except knnife.TrainingStopped as stop:
    stop.so_far.save("x.vectors")
    print("saved", flush=True)
"""


def test_a_real_interrupt_keeps_a_model_that_can_be_used_and_resumed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CHILD, ROOT]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if line.startswith("training") and not line.endswith(" 0\n"):
                child.send_signal(signal.SIGINT)
                break
        out, err = child.communicate(timeout=300)
    assert out.endswith("saved\n"), err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.checkpoint", "x.vectors"]
    assert len(WordVectors.load(tmp_path / "x.vectors")) == 12
