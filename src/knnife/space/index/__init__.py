"""Nearest neighbours in memory, and the cache of them beside a space. Knows no store."""
