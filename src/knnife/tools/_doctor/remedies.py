"""What mends it: commands of the shell, and Python, ready to run; for an array, Python on an array `vectors`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from knnife.tools._doctor.check_result import Id, arguments
from knnife.tools._doctor.survey import Survey

LISTED = 20  # ids that a command line is given; more go into Python


def in_space(path: str | None, code: str) -> str:
    """Python that works on the space in a file, `code` being what stands inside of its `with`."""
    return f"import knnife\nwith knnife.Space.open({path!r}) as space:\n{code}"


def encode_again(looked: Survey, ids: Sequence[Id] | None = None) -> str:
    """New vectors for these, or for all; `add` alone would find the things unchanged, and leave them as they are."""
    if looked.path is None:
        return "vectors = vectors[numpy.isfinite(vectors).all(axis=1)]"
    return in_space(
        looked.path,
        f"    things = {'list(space)' if ids is None else f'space.get({list(ids)!r})'}\n"
        "    space.add(things, space.encoder.encode([thing.value for thing in things]))  # or vectors of your own",
    )


def leave_out(looked: Survey, ids: Sequence[Id]) -> str:
    """Removes these."""
    if looked.path is None:
        return "vectors = vectors[vectors.any(axis=1)]"
    if len(ids) <= LISTED:
        return f"knnife remove {arguments(looked.path, *ids)}"
    return in_space(looked.path, f"    space.remove({list(ids)!r})")


def deduplicate(looked: Survey) -> str:
    """Keeps the first of those that are the same."""
    if looked.path is None:
        return "vectors = vectors[numpy.sort(numpy.unique(vectors, axis=0, return_index=True)[1])]"
    return in_space(
        looked.path,
        "    first, again = {}, []\n"
        "    for thing in space:\n"
        "        if thing.value is not None and first.setdefault(thing.value, thing.id) != thing.id:\n"
        "            again.append(thing.id)\n"
        "    space.remove(again)",
    )


def read(looked: Survey, ids: Sequence[Id]) -> str | None:
    """Shows things: what they are is for people to judge. Rows of an array say nothing to anybody."""
    return None if looked.path is None else f"knnife get {arguments(looked.path, *ids)}"


def another_model(looked: Survey) -> str:
    """Finds a model, and encodes with it."""
    return f"knnife models search text\nknnife reencode {arguments(str(looked.path))} --encoder NAME"


def by_cosine(looked: Survey) -> str:
    """The same vectors in a space that compares directions."""
    return _copied(looked, "cosine", "vectors", ", metric='cosine'")


def centre(looked: Survey) -> str:
    """The same vectors around the origin. Their model knows nothing of that, so they are asked by ids or vectors."""
    if looked.path is None:
        return "vectors = vectors - vectors.mean(axis=0)"
    return _copied(looked, "centred", "vectors - vectors.mean(axis=0)")


def narrow(looked: Survey) -> str:
    """The vectors in as many dimensions as they fill."""
    shorter = (
        "_, scale, directions = numpy.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)\n"
        "vectors = vectors @ directions[scale > 0.01 * scale[0]].T"
    )
    return shorter if looked.path is None else another_model(looked)


def _copied(looked: Survey, word: str, vectors: str, options: str = "") -> str:
    """A space beside the one at hand, with the same things and other vectors."""
    path = Path(str(looked.path))
    return in_space(
        str(path),
        f"    things, (_, vectors) = list(space.things()), space.vectors()\n"
        f"    with knnife.Space.open({str(path.with_stem(f'{path.stem}-{word}'))!r}{options}) as other:\n"
        f"        other.add(things, {vectors})",
    )


def split(looked: Survey) -> str:
    """Passages instead of whole texts, or a model that reads longer."""
    return f"knnife add PASSAGES.knnife FOLDER    # documents are split into passages\n{another_model(looked)}"


def strip(looked: Survey, prefix: str) -> str:
    """The texts without these words before them."""
    stripped = f"[thing._replace(value=thing.value.removeprefix({prefix!r})) for thing in space if thing.value]"
    return in_space(looked.path, f"    space.add({stripped})")


def reencode(looked: Survey, encoder: str) -> str:
    """The vectors of this encoder."""
    return f"knnife reencode {arguments(str(looked.path))} --encoder {arguments(encoder)}"
