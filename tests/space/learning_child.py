"""Adds payments to a space with an encoder that was trained on them. Killed by test_stored_encoders.py."""

from __future__ import annotations

from tests.encoders.tables import encoder, payments

from knnife import Space
from knnife.space import batching

LEARNED = encoder()


def main(path: str) -> None:
    batching.SMALLEST_BATCH = batching.LARGEST_BATCH = 20
    with Space.open(path, LEARNED) as space:
        space.add({"id": row["number"], **row} for row in payments())
