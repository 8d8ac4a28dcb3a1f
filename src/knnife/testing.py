"""What every encoder has to keep, as a check that other packages run in their own tests; it needs no pytest.

    from knnife.testing import check_encoder

    def test_my_encoder():
        check_encoder(MyEncoder(), again=MyEncoder)

Each guarantee is a function below. A problem is a sentence that says what was expected and what was found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NamedTuple

import numpy as np

from knnife.encoders.forms import is_trained, restore, written
from knnife.encoders.protocol import Encoder
from knnife.errors import BadInput, BadPictures
from knnife.geometry import METRICS, Vectors
from knnife.things.kinds import kind

TEXTS: Final = [
    "a red car",
    "the blue sky",
    "",
    "red",
    "Ünïcödé 東京 🚗",
    "\0",
    "\ud800",
    "red red red",
    "car " * 5_000,
]
THREADS: Final = 4
NO_PICTURE: Final = b"these bytes are no picture"


class _Case(NamedTuple):
    """An encoder, values that it takes, and the vectors that it made of them."""

    encoder: Any  # what it has beside the names of Encoder is looked for, too
    values: list[Any]
    vectors: Vectors
    tolerance: float

    def differ(self, vectors: Any) -> str:
        """How far vectors are from those of the values, in words; "" where that is within the tolerance."""
        if np.shape(vectors) != self.vectors.shape:
            return f"shape {np.shape(vectors)} instead of {self.vectors.shape}"
        most = float(np.abs(self.vectors - vectors).max(initial=0.0))
        allowed = self.tolerance * max(1.0, float(np.abs(self.vectors).max(initial=0.0)))
        return "" if most <= allowed else f"components that differ by up to {most:.2g}"


def check_encoder(
    encoder: Encoder,
    values: Sequence[Any] | None = None,
    *,
    again: Callable[[], Encoder] | None = None,
    tolerance: float = 1e-5,
) -> None:
    """Raise AssertionError, which lists every guarantee of `knnife.Encoder` that an encoder breaks.

    values: two or more different values that it takes. For encoders of texts there are some; others need them.
    again: makes the same encoder anew, as another process would, which has to have the same fingerprint.
    tolerance: how far a component may be off, as a share of the largest one, where a value is encoded in other company.

    Raises BadInput where no values are given and it encodes something else than texts.
    """
    problems = list(_names(encoder))
    if not problems:
        if values is None and not kind(encoder.kind).any_text:
            raise BadInput(f"the encoder takes {encoder.kind}: give check_encoder two different values of that kind")
        problems = list(_behaviour(encoder, list(TEXTS if values is None else values), again, tolerance))
    if problems:
        name = f"{type(encoder).__module__}.{type(encoder).__qualname__}"
        raise AssertionError(
            f"{name} breaks {len(problems)} of the guarantees of an encoder:\n- " + "\n- ".join(problems)
        )


def _names(encoder: Any) -> Iterator[str]:
    """The names that it has to have."""
    if isinstance(encoder, type):
        yield f"it is the class {encoder.__name__}; expected an encoder: call it"
        return
    for name in ("name", "kind", "fingerprint"):
        found = getattr(encoder, name, None)
        if not isinstance(found, str) or not found:
            yield f"{name} is {found!r:.60}; expected a text that is not empty"
    dim = getattr(encoder, "dim", None)
    if not isinstance(dim, int | np.integer) or isinstance(dim, bool) or dim < 1:
        yield f"dim is {dim!r:.60}; expected the number of components of a vector, 1 or more"
    if not callable(getattr(encoder, "encode", None)):
        yield "it has no method encode(values)"


def _behaviour(
    encoder: Encoder, values: list[Any], again: Callable[[], Encoder] | None, tolerance: float
) -> Iterator[str]:
    """What goes wrong when it is used."""
    try:
        vectors = encoder.encode(list(values))
    except Exception as error:
        yield f"encode raised {_shown(error)} for {len(values)} values that it takes"
        return
    yield from _vectors(encoder, vectors, len(values), "encode(values)")
    if np.shape(vectors) != (len(values), encoder.dim):
        return  # nothing else can be said
    case = _Case(encoder, values, np.asarray(vectors, np.float32), tolerance)
    for check in _CHECKS:
        yield from _problems(check, case)
    if again is not None:
        yield from _problems(_anew, case, again)


def _problems(check: Callable[..., Iterator[str]], *given: Any) -> Iterator[str]:
    """The problems that a check finds; an error that the encoder raises is one."""
    try:
        yield from check(*given)
    except Exception as error:
        yield f"{(check.__doc__ or '').rstrip('.')}: raised {_shown(error)}"


def _shown(error: Exception) -> str:
    return f"{type(error).__name__}: {error!s:.200}"


def _vectors(encoder: Encoder, vectors: Any, count: int, what: str) -> Iterator[str]:
    """One finite float32 row for each value."""
    if not isinstance(vectors, np.ndarray):
        yield f"{what} gave {type(vectors).__name__}; expected an array of NumPy"
    elif vectors.shape != (count, encoder.dim):
        yield f"{what} gave an array of shape {vectors.shape}; expected {(count, encoder.dim)}: a row for each value"
    elif vectors.dtype != np.float32:
        yield f"{what} gave {vectors.dtype}; expected float32"
    elif not np.isfinite(vectors).all():
        yield f"{what} gave NaN or infinity; expected finite numbers"


def _empty(case: _Case) -> Iterator[str]:
    """Nothing to encode."""
    yield from _vectors(case.encoder, case.encoder.encode([]), 0, "encode([])")


def _different(case: _Case) -> Iterator[str]:
    """Different values."""
    if len(case.vectors) > 1 and (case.vectors == case.vectors[0]).all():
        yield f"{len(case.vectors)} different values have the same vector; expected different ones"


def _one_by_one(case: _Case) -> Iterator[str]:
    """Values in other company."""
    alone = np.concatenate([case.encoder.encode([value]) for value in case.values])
    if why := case.differ(alone):
        yield f"values encoded one by one have {why}; expected the vectors that they have in a batch"
    if why := case.differ(case.encoder.encode(case.values[::-1])[::-1]):
        yield f"values encoded in the opposite order have {why}; expected the same rows in that order"


def _repeated(case: _Case) -> Iterator[str]:
    """The same values again."""
    if case.encoder.encode(list(case.values)).tobytes() != case.encoder.encode(list(case.values)).tobytes():
        yield "the same values encoded twice have other vectors; expected the same to the last bit"


def _tuple(case: _Case) -> Iterator[str]:
    """Values in a tuple."""
    if why := case.differ(case.encoder.encode(tuple(case.values))):
        yield f"values in a tuple have {why}; expected what a list of them has"
    given = list(case.values)
    case.encoder.encode(given)
    if given != case.values:
        yield "encode changed the list that it was given"


def _threads(case: _Case) -> Iterator[str]:
    """Several threads at once."""
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(case.encoder.encode, [case.values] * 2 * THREADS))
    if why := next(filter(None, map(case.differ, found)), ""):
        yield f"values encoded by {THREADS} threads at once have {why}; expected what one thread makes"


def _queries(case: _Case) -> Iterator[str]:
    """encode_query and encode_text."""
    encoder = case.encoder
    if hasattr(encoder, "encode_query"):
        yield from _vectors(encoder, encoder.encode_query(case.values), len(case.values), "encode_query(values)")
    if hasattr(encoder, "encode_text"):
        yield from _vectors(encoder, encoder.encode_text(TEXTS[:2]), 2, "encode_text(texts)")
        yield from _vectors(encoder, encoder.encode_text([]), 0, "encode_text([])")


def _tokens(case: _Case) -> Iterator[str]:
    """The numbers of tokens."""
    if hasattr(case.encoder, "tokens"):
        tokens = case.encoder.tokens(case.values)
        for name in ("read", "unknown", "cut"):
            found = getattr(tokens, name, None)
            if not isinstance(found, np.ndarray) or found.shape != (len(case.values),) or found.dtype != np.int64:
                yield f"tokens(values).{name} is {type(found).__name__}; expected int64, a number for each value"


def _declared(case: _Case) -> Iterator[str]:
    """What it says of itself."""
    metric = getattr(case.encoder, "metric", "cosine")
    if metric not in METRICS:
        yield f"metric is {metric!r:.40}; expected one of {', '.join(METRICS)}"
    for name, part in getattr(case.encoder, "parts", {}).items():
        if not isinstance(part, slice) or not 0 <= (part.start or 0) < (part.stop or 0) <= case.encoder.dim:
            yield f"parts[{name!r}] is {part!r:.40}; expected a slice of the {case.encoder.dim} components"


def _broken_files(case: _Case) -> Iterator[str]:
    """A file that is broken."""
    if not kind(case.encoder.kind).in_files:
        return
    try:
        case.encoder.encode([case.values[0], NO_PICTURE])
    except BadPictures as error:
        if set(error.faults) != {1}:
            yield f"BadPictures for a broken file in place 1 has the faults {error.faults}; expected {{1: why}}"
    else:
        yield "a broken file among others raised nothing; expected knnife.errors.BadPictures, which says which"


def _trained(case: _Case) -> Iterator[str]:
    """An encoder restored from its bytes."""
    if not is_trained(case.encoder):
        return
    form, data = written(case.encoder) or ("", b"")
    other = restore(form, data)
    yield from _anew(case, lambda: other, f"the encoder restored from its bytes, form {form!r},")
    if why := case.differ(other.encode(case.values)):
        yield f"the encoder restored from its bytes makes {why}; expected the same vectors"


def _anew(case: _Case, again: Callable[[], Encoder], what: str = "the same encoder made anew") -> Iterator[str]:
    """The same encoder made anew."""
    if again().fingerprint != case.encoder.fingerprint:
        yield f"{what} has another fingerprint; expected one that is equal exactly where the vectors are"


_CHECKS: Final = (
    _empty,
    _different,
    _one_by_one,
    _repeated,
    _tuple,
    _threads,
    _queries,
    _tokens,
    _declared,
    _broken_files,
    _trained,
)
