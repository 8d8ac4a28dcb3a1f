"""Vectors, once made: a space keeps things and their vectors, and finds the nearest.

space.py has the verbs; protocols.py is the door to the stores: sqlite/ (one file), memory/ (their oracle).
index/ is neighbours in memory, index_sync.py keeps them in step with a file. adding, reencoding and derived change a
space; searching and neighbours ask it; models knows which encoder made which view; inputs and sample turn whatever a
user gave into what a tool works on.
"""

from knnife.encoders.vector_cache import encode
from knnife.space.answers import Added, Hit, Hits, Info, Neighbours, Pairs, Reencoded, ViewInfo
from knnife.space.inputs import Input, is_space, opened
from knnife.space.sample import Sample, comparable, nearest, sample
from knnife.space.space import Space

__all__ = [
    "Added",
    "Hit",
    "Hits",
    "Info",
    "Input",
    "Neighbours",
    "Pairs",
    "Reencoded",
    "Sample",
    "Space",
    "ViewInfo",
    "comparable",
    "encode",
    "is_space",
    "nearest",
    "opened",
    "sample",
]
