"""Files of spaces as earlier versions wrote them."""

import sqlite3

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
