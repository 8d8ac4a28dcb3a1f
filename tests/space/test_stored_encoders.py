"""An encoder that was trained for a space lives in its file, and comes and goes with its view."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.encoders.tables import encoder, payments
from tests.space.killing import Doomed, needs_fork
from tests.toys import Letters

from knnife import BadInput, EncoderMismatch, NotASpace, ReadOnly, RowEncoder, Space
from knnife.space import sample

PAYMENTS = encoder()
ROWS = payments()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A space of 300 payments."""
    with Space.open(tmp_path / "pay.knnife", PAYMENTS) as space:
        space.add([{"id": row["number"], **row} for row in ROWS])
    return tmp_path / "pay.knnife"


def sql(path: Path, statement: str, *values: Any) -> list[Any]:
    db = sqlite3.connect(path)
    try:
        with db:
            return db.execute(statement, values).fetchall()
    finally:
        db.close()


def test_a_space_of_rows_needs_nothing_but_its_file(path: Path) -> None:
    with Space.open(path) as space:
        assert space.metric == "euclidean"
        assert space.encoder.fingerprint == PAYMENTS.fingerprint
        assert space.encoder is space.encoder
        assert len(space) == 300
        whole = {name: cell for name, cell in ROWS[7].items() if name in PAYMENTS.parts}
        near = space.near([whole, ROWS[8]], k=1)
        assert near.ids == [["P00007"], ["P00008"]]
        assert np.allclose(near.scores, 0, atol=1e-3)
        assert space.near(whole, k=1).ids == [["P00007"]]
        later = payments(3, seed=9)
        assert space.add([{"id": f"later {i}", **row} for i, row in enumerate(later)]).added == 3


def test_the_vectors_are_those_of_the_encoder_and_the_metadata_is_whole(path: Path) -> None:
    with Space.open(path, read_only=True) as space:
        ids, vectors = space.vectors()
        rows = [{name: cell for name, cell in row.items() if name in PAYMENTS.parts} for row in ROWS]
        assert np.array_equal(vectors, PAYMENTS.encode(rows))
        thing = space.get(ids[0])[0]
        assert thing.about == ROWS[0]  # with the label and what does not vary
        assert '"amount":' in str(thing.value)
        assert "fraud" not in str(thing.value)
        assert sample(space).parts == PAYMENTS.parts
        assert len(list(space.things("fraud = true"))) == sum(row["fraud"] for row in ROWS)


def test_a_changed_label_is_written_down_and_encodes_nothing(path: Path) -> None:
    with Space.open(path) as space:
        done = space.add([{"id": "P00000", **ROWS[0], "fraud": not ROWS[0]["fraud"]}])
        assert (done.updated, done.encoded) == (1, 0)


def test_questions_that_are_no_rows_are_refused(path: Path) -> None:
    with Space.open(path) as space:
        with pytest.raises(BadInput, match="expected a row.*search by words alone"):
            space.near("two con men")
        with pytest.raises(BadInput, match="expected a row"):
            space.search("two con men")
        with pytest.raises(BadInput, match="no column Amount"):
            space.near({"Amount": 1})
        assert space.search("FR", by="words").rows()
        with pytest.raises(BadInput, match="no column speed"):
            space.add([{"speed": 1, "weight": 3}])


def test_rows_and_texts_do_not_mix(path: Path, tmp_path: Path) -> None:
    with pytest.raises(EncoderMismatch, match=r"space\.reencode\(encoder\), in Python"):
        Space.open(path, RowEncoder.train(ROWS))
    with Space.open(tmp_path / "texts.knnife", Letters()) as texts:
        texts.add(["bad", "dad"])
        with pytest.raises(BadInput, match="expected a row"):
            texts.reencode(PAYMENTS)
        with pytest.raises(BadInput, match="takes text, not dict"):
            texts.near({"amount": 1})


def test_a_sample_of_a_table_is_that_of_the_space(path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    with Space.open(path) as space:
        held, parts = sample(space), sample(space).parts
    for given in (ROWS, pandas.DataFrame(ROWS)):
        found = sample(given, encoder=PAYMENTS)
        assert found.metric == "euclidean"
        assert np.array_equal(found.vectors, held.vectors)
        assert found.parts == parts
        assert found.things[3].about["fraud"] == ROWS[3]["fraud"]


def test_another_encoder_and_back_again(path: Path) -> None:
    other = RowEncoder.train(ROWS, leave_out=["fraud", "note"])
    with Space.open(path) as space:
        done = space.reencode(other, name="without notes")
        assert done.encoded == 300
    with Space.open(path) as space:
        assert space.encoder.fingerprint == other.fingerprint
        space.add([{"id": "new", **payments(1, seed=5)[0]}])
        assert space.use("rows").encoded == 1  # what came meanwhile, by the encoder that the file keeps
        assert space.reencode("rows").view == "without notes"  # the newest of that name
        space.use("rows")
        space.drop("without notes")
        assert space.encoder.fingerprint == PAYMENTS.fingerprint
    assert sql(path, "SELECT fingerprint FROM models") == [(PAYMENTS.fingerprint,)]


def test_a_space_without_trained_encoders_has_no_such_table(words: Space) -> None:
    assert sql(words.path, "SELECT count(*) FROM sqlite_master WHERE name = 'models'") == [(0,)]
    with Space.open(words.path, read_only=True) as old, pytest.raises(ReadOnly):
        old.reencode(Letters("2"))


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("bytes", b"\x80\x04.", "no encoder of rows, or it is damaged"),
        ("bytes", b"{}", "no encoder of rows, or it is damaged"),
        ("bytes", RowEncoder.train(ROWS).to_bytes(), "another than the one of its view"),
        ("bytes", "text", "no such thing"),
        ("form", "crystals", "a later one may"),
        ("fingerprint", "0", "no encoder 'rows'"),
    ],
)
def test_a_hostile_or_damaged_encoder_is_one_clear_error(path: Path, column: str, value: Any, said: str) -> None:
    sql(path, f"UPDATE models SET {column} = ?", value)
    with Space.open(path) as space:
        with pytest.raises((NotASpace, LookupError, BadInput), match=said):
            space.near({"amount": 1})
        assert len(space.vectors()[0]) == 300  # what can be read still can
        assert space.near(ids=["P00001"], k=3).ids


@needs_fork
def test_whenever_the_first_add_is_killed_there_is_no_view_without_its_encoder(tmp_path: Path) -> None:
    with Doomed("tests.space.learning_child") as adding:
        for number, moment in enumerate([0, 0.01, 0.02, 0.03, 0.05, 0.1]):
            path = tmp_path / f"{number}.knnife"
            adding.run(path, moment)
            if not path.exists():
                continue
            with Space.open(path) as space:
                if len(space):
                    assert space.encoder.fingerprint == PAYMENTS.fingerprint
            with Space.open(path, PAYMENTS) as space:
                space.add({"id": row["number"], **row} for row in ROWS)
                assert len(space) == 300
