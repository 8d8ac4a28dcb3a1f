"""Files as earlier versions wrote them."""

import json
import sqlite3

import numpy as np
from safetensors.numpy import save_file

from knnife import Space, Thing


def write_with_plain_words(path, texts):
    """A space as it was written when every text was indexed as it is, and nothing was noted of that."""
    with Space.open(path) as space:
        space.add([Thing(id, f"plain {id}") for id in texts])
    db = sqlite3.connect(path)
    for pos, id, plain in db.execute("SELECT pos, id, value FROM things").fetchall():
        db.execute("INSERT INTO words (words, rowid, value) VALUES ('delete', ?, ?)", [pos, plain])
        db.execute("INSERT INTO words (rowid, value) VALUES (?, ?)", [pos, texts[id]])
        db.execute("UPDATE things SET value = ? WHERE pos = ?", [texts[id], pos])
    db.execute("DROP TABLE notes")
    db.execute("DROP TABLE sums")
    db.commit()
    db.close()


def write_detector(path, table):
    """A detector of outliers as it was written by the first version with reasons; the table `(n, p)` is its reference.

    Its three layouts are the same, its scores rise evenly. Only numbers; the columns are called a, b, c ...
    """
    n, p = table.shape
    names = [chr(ord("a") + number) for number in range(p)]
    tensors = {
        "rows": np.arange(n),
        "scores": np.linspace(-2, 3, n, dtype=np.float32),
        "odd": np.zeros(n, np.bool_),
        "orders": np.arange(n)[None],
        "means": np.zeros(6, np.float32),
        "deviations": np.ones(6, np.float32),
        "reference": table.astype(np.float32),
        "table.numbers": table.astype(np.float64),
        "table.codes": np.empty((n, 0), np.int64),
    }
    for number in range(3):
        tensors |= {f"axes.{number}.origin": np.zeros(p, np.float32), f"axes.{number}.factors": np.ones(p, np.float32)}
    lift = {
        "numbers": [[name, "", None] for name in names],
        "names": [],
        "of_points": True,
        "kinds": [[-1.0, 3.0, 0.5, 0.5, 0.1], [-1.0, 2.0, 0.5, 1.0, 0.1], [-1.0, 3.0, 0.5, 0.5, 0.1]],
        "middle": 0.0,
        "deviation": 1.0,
    }
    meta = {
        "format": "knnife-detector-1",
        "metric": "euclidean",
        "fingerprint": None,
        "source": "the array",
        "columns": [[name, number, number + 1] for number, name in enumerate(names)],
        "ids": [str(number) for number in range(n)],
        "learned": None,
        "lift": lift,
        "encoder": None,
    }
    save_file(tensors, path, {"meta": json.dumps(meta)})
