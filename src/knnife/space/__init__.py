"""Vectors, once made: a space keeps things and their vectors in one file, and finds the nearest.

space.py is what others see. Below it, one file an idea: store (the SQLite file), views (how vectors are kept), adding,
removing, reencoding (what changes them), models, keeping and remembering (which encoder, those kept in the file, what
one made before), index and following (the nearest neighbours, and how they keep up), words and fusion and searching
(the search), filters and narrowing (conditions), answers (what comes back), sample (all things at once, for the tools
that look at all), kept (what those tools learned, in files of their own).
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
