"""A file of somebody else runs nothing: whatever is no plain table of a space is refused before it is read."""

from __future__ import annotations

import shutil
import sqlite3
import time
from pathlib import Path

import pytest

import knnife
from knnife.space.interactions import add_interactions
from knnife.space.sqlite import trusted_schema
from knnife.space.sqlite.conditions import INDEXED_FROM

ENDLESS = """
ALTER TABLE commits RENAME TO old;
CREATE VIEW commits AS WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n, x'00', n, 0, 0 FROM r;
"""
ODD_FIELD = "a  (b) 'c'"


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A space with every table and every kind of index that knnife makes."""
    path = tmp_path_factory.mktemp("space") / "all.knnife"
    with knnife.Space.open(path) as space:
        space.add([{"id": str(n), "text": f"car {n}", "year": n, ODD_FIELD: n} for n in range(INDEXED_FROM)])
        space.near("car", where="year > 3")
        space.near("car", where={ODD_FIELD: 5})
        space.reencode(knnife.WhitenedEncoder.train("english", ["a", "b", "c", "d"]))
        space.derive("taste", [[1, 2]], ["0"])
        add_interactions(space, [("ann", "0"), ("bob", "1")])
        knnife.doctor(space)
        space.remove("1")
        space.compact()
    return path


@pytest.fixture
def copy(everything: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(everything, tmp_path / "theirs.knnife"))


def changed(path: Path, sql: str) -> None:
    db = sqlite3.connect(path)
    db.executescript(sql)
    db.close()


def test_what_knnife_makes_is_let_in_within_a_millisecond(everything: Path) -> None:
    db = sqlite3.connect(everything)
    names = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    assert {"about year", f"about {ODD_FIELD}", "things_part_of", "words", "models", "origins", "events"} <= names
    took = []
    for _ in range(20):
        began = time.perf_counter()
        trusted_schema.check(db, everything)
        took.append(time.perf_counter() - began)
    db.close()
    assert min(took) < 1e-3


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize(
    "sql",
    [
        ENDLESS,
        "CREATE TRIGGER t AFTER INSERT ON things BEGIN DELETE FROM things; END;",
        "CREATE TABLE t (a, b AS (a + 1));",
        "CREATE TABLE t (a CHECK (a > 1));",
        "CREATE TABLE t (a DEFAULT (random()));",
        "CREATE TABLE t (a DEFAULT '--', b AS (a + 1)\n);",
        "CREATE TABLE t (a DEFAULT '/*', b AS (a + 1) /* */);",
        "CREATE INDEX i ON things (length(value));",
        "CREATE INDEX i ON things (id) WHERE length(value) > 3;",
        "CREATE INDEX \"about x\" ON things (json_extract(about, '$.\"x\"') || printf('%.*c', 500000000, 'x'));",
        "CREATE INDEX \"about x\" ON things (json_extract(about, '$.\"y\"'));",
        "CREATE VIRTUAL TABLE r USING rtree (a, b, c);",
        "CREATE VIRTUAL TABLE r USING fts5 (value, content='commits');",
        "CREATE VIRTUAL TABLE r USING dbstat;",
        "CREATE TABLE \"a\"\"b\" (x);",
        f"CREATE TABLE t (a DEFAULT '{'x' * 200_000}');",
        "BEGIN;" + "".join(f"CREATE TABLE t{n} (a);" for n in range(10_001)) + "COMMIT;",
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = "
        "'CREATE TABLE gone (seq INTEGER PRIMARY KEY, pos INTEGER CHECK (pos > 0))' WHERE name = 'gone';",
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = 'CREATE VIEW v AS SELECT 1' WHERE name = 'gone';",
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = 'nonsense' WHERE name = 'gone';",
        "UPDATE commits SET things = 1000000000000, last = 1000000000000;",
        "UPDATE commits SET things = 'many';",
        "DELETE FROM commits;",
        "DROP TABLE settings;",
        "UPDATE views SET dim = 1000000000;",
        "UPDATE views SET dtype = 'float99';",
        "UPDATE views SET loss_sum = 'much', loss_max = x'00';",
        "UPDATE settings SET value = 'nearest' WHERE name = 'metric';",
        "UPDATE settings SET value = 'all' WHERE name = 'recall';",
    ],
)  # fmt: skip
def test_what_knnife_never_makes_is_refused_at_once(copy: Path, sql: str, read_only: bool) -> None:
    changed(copy, sql)
    began = time.monotonic()
    with pytest.raises(knnife.NotASpace, match=r"no space that knnife made|damaged"):
        knnife.Space.open(copy, read_only=read_only)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("about", ["'nonsense'", "3", "'[1]'", "x'00'"])
def test_metadata_that_are_none_are_told_as_damage(copy: Path, about: str) -> None:
    indexes = f'DROP INDEX "about year"; DROP INDEX "about {ODD_FIELD}";'
    changed(copy, f"{indexes} UPDATE things SET about = {about}")
    with knnife.Space.open(copy) as space:
        for ask in (lambda: list(space), lambda: space.get("5"), lambda: space.search("car"), space.info):
            with pytest.raises(knnife.NotASpace, match="damaged"):
                ask()


def test_plain_tables_of_a_later_version_are_let_be(copy: Path) -> None:
    changed(
        copy,
        "CREATE TABLE later (a, b TEXT NOT NULL DEFAULT 3, PRIMARY KEY (a, b)) WITHOUT ROWID;"
        "CREATE INDEX later_b ON later (b) WHERE b IS NOT NULL; ANALYZE;",
    )
    with knnife.Space.open(copy) as space:
        space.add(["a new thing"])
        space.compact()
        assert space.info(check=True).faults == ()


def test_a_schema_that_takes_too_long_is_given_up(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed(copy, "BEGIN;" + "".join(f"CREATE TABLE t{n} (a);" for n in range(9_000)) + "COMMIT;")
    monkeypatch.setattr(trusted_schema, "PATIENCE", 0.0)
    monkeypatch.setattr(trusted_schema, "STEPS", 100)
    with pytest.raises(knnife.NotASpace, match="cannot be looked through"):
        knnife.Space.open(copy)
