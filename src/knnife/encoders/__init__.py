"""Things into vectors: what an encoder is, which there are, and how one is loaded by its name.

Importing this package loads no encoder; `load_encoder` imports the one that is named.
"""

from __future__ import annotations

from knnife.encoders.catalogue import DEFAULT, find_model, models
from knnife.encoders.entry import Entry
from knnife.encoders.loading import load_encoder
from knnife.encoders.protocol import Encoder, encode_query

__all__ = ["DEFAULT", "Encoder", "Entry", "encode_query", "find_model", "load_encoder", "models"]
