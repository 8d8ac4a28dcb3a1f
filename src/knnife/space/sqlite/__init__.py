"""The store of a space in one SQLite file: the only folder that imports sqlite3."""
