"""A space keeps things and their vectors, in one file or in memory, and finds the nearest.

space.py is the class that users see; protocols.py says what it asks of a store; sqlite/ and memory/ are the two stores;
index/ finds neighbours; sample.py and inputs.py turn what a user gives to a tool into things with vectors.
"""

import numpy  # noqa: F401 - not deep within other imports, where Python 3.11 takes 20 ms longer over it

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
