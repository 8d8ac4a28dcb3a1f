"""Why a word is suggested, in plain words."""

from __future__ import annotations

from collections.abc import Sequence

from knnife.tools._typos.alignment import Edit, edits
from knnife.tools._typos.keyboard import NEIGHBOUR, distance
from knnife.tools._typos.spelled import speak

MANY = 3  # edits that are still told one by one


def reasons(typed: Sequence[str], right: Sequence[str], keyboard: str = "qwerty") -> list[list[str]]:
    """What happened to each of m right words if it became what was typed, and whether both sound the same.

    All in small letters. Many are looked at together, which is much quicker than one by one.
    """
    happened = edits(typed, right)
    heard = speak([*typed, *right]).letters
    heard, meant = heard[: len(typed)], heard[len(typed) :]
    alike = heard.any(axis=1) & (heard == meant).all(axis=1)
    return [_reason(*each, keyboard) for each in zip(typed, right, happened, alike.tolist(), strict=True)]


def _reason(typed: str, right: str, happened: list[Edit], alike: bool, keyboard: str) -> list[str]:
    if typed == right:
        return ["in the vocabulary"]
    if typed.replace(" ", "") == right.replace(" ", ""):
        return ["two words" if " " in right else "one word"]
    told = [_told(edit, right, keyboard) for edit in happened] if len(happened) <= MANY else [f"{len(happened)} edits"]
    return told + ["sounds the same"] * alike


def more_common(count: float, next_count: float) -> list[str]:
    """How much more common a word is than the one suggested next, where that says something."""
    if next_count <= 0 or count < 2 * next_count:
        return []
    return [f"{count / next_count:,.0f} x as common as the next"]


def _told(edit: Edit, right: str, keyboard: str) -> str:
    if edit.kind == "missing":
        around = right[max(0, edit.at - 1) : edit.at] + right[edit.at + 1 : edit.at + 2]
        return f"{'one ' if edit.right in around else ''}{edit.right} left out"
    if edit.kind == "extra":
        return f"{edit.typed} too many"
    if edit.kind == "swapped":
        return f"{edit.right[0]} and {edit.right[1]} swapped"
    beside = 0 < distance(edit.typed, edit.right, keyboard) < NEIGHBOUR
    return f"{edit.typed} for {edit.right}{', a neighbouring key' if beside else ''}"
