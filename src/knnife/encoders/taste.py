"""Users and items as points of one space, learned from who chose what: the encoder behind `recommend`.

Two models are learned from the same interactions, one file of _taste/ each: factors of users and items (als.py), which
are the points, and what each item says for each other (ease.py). A ranking adds both, and what somebody chose last
counts more, where times are known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._taste.als import Factors, factorise, fold_in
from knnife.encoders._taste.ease import ease
from knnife.encoders._taste.history import History, of_user, recent
from knnife.encoders._taste.links import ItemLinks
from knnife.encoders._taste.ranking import Best, best
from knnife.encoders.protocol import Progress, check_list
from knnife.encoders.tensors import Tensors, digest, floats, pack, unpack
from knnife.errors import BadInput
from knnife.geometry import Metric, Vectors
from knnife.things.interactions import Interactions
from knnife.threads import on_all_cores

VERSION: Final = 1  # of what `to_bytes` writes, and of how vectors follow from it
CONFIDENCE: Final = 2.0  # what a pair counts beyond 1
REGULARISATION: Final = 0.05
ROUNDS: Final = 10
SMOOTHING: Final = 200.0  # users
LINKS: Final = 200  # items that may speak for one; of more, those that say least change no ranking
LATELY: Final = 10.0  # items after which the advantage of the last one has fallen to 1/e
AT_ONCE: Final = 1 << 20  # scores of a block
NOTHING: Final = History(np.empty(0, np.int32), np.empty(0, np.float32))
SAMPLE: Final = 500  # users whose scores say how widely those of each model vary


class Taste:
    """Users and items as points, and how much each user wants each item; made by `train` or `from_bytes`.

    items, users: the m and n ids. item_vectors `(m, dim)`, user_vectors `(n, dim)`: what a user likes lies in the
    user's direction. popularity: `(m,)`, how many users chose each item. A history is what somebody chose.
    """

    form = "taste"
    name = "taste"
    kind = "history"
    metric: Metric = "cosine"
    cheap = True

    def __init__(
        self,
        items: Sequence[str],
        users: Sequence[str],
        factors: Factors,
        links: ItemLinks,
        popularity: NDArray[np.int64],
        about: Mapping[str, float],
    ) -> None:
        """Parts that belong together: see `train`. about: the settings that answers depend on."""
        self.items, self.users = list(items), list(users)
        self.item_vectors, self.user_vectors = factors.items, factors.users
        self.popularity = popularity
        self.dim = int(factors.items.shape[1])
        self._links, self._about = links, dict(about)
        self.fingerprint = digest(self.form, VERSION, self._about, self._tensors)

    @classmethod
    def train(
        cls,
        interactions: Interactions,
        *,
        factors: int = 64,
        confidence: float = CONFIDENCE,
        regularisation: float = REGULARISATION,
        smoothing: float = SMOOTHING,
        recency: float = 0.7,
        blend: float = 0.4,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> Self:
        """Learn from interactions, each of which says that a user wanted an item.

        factors: components of a vector. confidence, regularisation: of the factors (als.py). smoothing: of what items
        say for each other, in users (ease.py). recency: by how much what came last counts more, from 0, not at all, to
        1. blend: what the factors count in a ranking, where the items' links count 1.

        Raises BadInput where there is no interaction, and for settings out of their range.
        """
        if not len(interactions):
            raise BadInput("there is no interaction to learn from; expected 1 or more")
        _check(factors=factors, confidence=confidence, regularisation=regularisation, smoothing=smoothing)
        if not 0 <= recency <= 1 or not 0 <= blend < np.inf:
            raise BadInput(f"recency={recency}, blend={blend}: expected 0 to 1, and a number of 0 or more")
        told = progress or (lambda done, share: None)
        learned = factorise(
            interactions,
            factors=factors,
            confidence=confidence,
            regularisation=regularisation,
            rounds=ROUNDS,
            seed=seed,
            tell=lambda share: told(int(share * len(interactions)), share / 2),
        )
        links = ease(interactions, smoothing, LINKS)
        popularity = np.bincount(interactions.chosen, minlength=len(interactions.items))
        about = {
            "confidence": float(confidence),
            "regularisation": float(regularisation),
            "recency": float(recency),
            "blend": float(blend),
        }
        made = cls(interactions.items, interactions.users, learned, links, popularity, {**about, "scale": 1.0})
        sample = np.random.default_rng(seed).permutation(len(interactions.users))[:SAMPLE]
        made._about["scale"] = made._scale([of_user(interactions, int(user)) for user in sample])
        made.fingerprint = digest(cls.form, VERSION, made._about, made._tensors)
        told(len(interactions), 1.0)
        return made

    # --- questions --------------------------------------------------------------------------------------------

    @cached_property
    def number_of(self) -> dict[str, int]:
        """The number of each item, by its id."""
        return {item: number for number, item in enumerate(self.items)}

    def history(self, chosen: Sequence[str] | Mapping[str, float], *, timed: bool = True) -> History:
        """What somebody chose, by ids, the oldest first; a mapping also says how much each counts.

        Ids that are unknown do not count. timed: whether the order is that of time.
        """
        weights = chosen if isinstance(chosen, Mapping) else dict.fromkeys(chosen, 1.0)
        known = [(self.number_of[item], weight) for item, weight in weights.items() if item in self.number_of]
        numbers, counts = [number for number, _ in known], [weight for _, weight in known]
        return History(np.array(numbers, np.int32), np.array(counts, np.float32), timed)

    def scores(self, histories: Sequence[History]) -> NDArray[np.float32]:
        """How much those with these histories want each item, `(q, m)`; what they have is scored as well."""
        said = self._links.scores([(each.items, self._recent(each)) for each in histories])
        if self._about["blend"]:
            said += np.float32(self._about["blend"] * self._about["scale"]) * (
                self._points(histories) @ self.item_vectors.T
            )
        return said

    def top(
        self,
        histories: Sequence[History],
        k: int = 10,
        *,
        exclude_seen: bool = True,
        allowed: NDArray[np.bool_] | None = None,
    ) -> Best:
        """The k best items of each history and their scores, the best first; equal ones by their numbers.

        exclude_seen: without those of the history. allowed: `(m,)`, which may be answered. Where fewer than k are left,
        numbers of -1 and scores of -inf stand behind them.
        """
        return self._best(lambda rows: self.scores(histories[rows]), histories, k, exclude_seen, allowed)

    def top_by_points(
        self,
        points: Vectors,
        k: int = 10,
        *,
        seen: Sequence[History] | None = None,
        allowed: NDArray[np.bool_] | None = None,
    ) -> Best:
        """The same by the products of points `(q, dim)` with the items' alone: less good, and faster.

        seen: a history for each point, whose items are left out.
        """
        if points.ndim != 2 or points.shape[1] != self.dim or (seen is not None and len(seen) != len(points)):
            raise BadInput(
                f"points of shape {points.shape}: expected ({self.dim},) each, and a history for each or none"
            )
        histories = [NOTHING] * len(points) if seen is None else seen
        return self._best(lambda rows: points[rows] @ self.item_vectors.T, histories, k, True, allowed)

    def _best(
        self,
        scored: Callable[[slice], NDArray[np.float32]],
        histories: Sequence[History],
        k: int,
        exclude_seen: bool,
        allowed: NDArray[np.bool_] | None,
    ) -> Best:
        found = Best(np.empty((len(histories), k), np.int32), np.empty((len(histories), k), np.float32))

        def work(rows: slice) -> None:
            scores = scored(rows)
            if allowed is not None:
                scores[:, ~allowed] = -np.inf
            seen = [each.items if exclude_seen else NOTHING.items for each in histories[rows]]
            found.items[rows], found.scores[rows] = best(scores, seen, k)

        step = max(1, AT_ONCE // len(self.items))
        on_all_cores(work, (slice(row, row + step) for row in range(0, len(histories), step)))
        return found

    def because(self, history: History, item: int) -> NDArray[np.float32]:
        """What each item of a history adds to the score of another one, `(h,)`; they sum to its score."""
        said = self._links.between(history.items, item) * self._recent(history)
        if self._about["blend"] and len(history.items):
            counts = self._about["confidence"] * history.weights
            own = self.item_vectors[history.items].astype(np.float64)
            back = np.linalg.solve(self._gram + (own.T * np.abs(counts)) @ own, self.item_vectors[item])
            said += self._about["blend"] * self._about["scale"] * np.where(counts > 0, 1 + counts, 0) * (own @ back)
        return said.astype(np.float32)

    def _recent(self, history: History) -> NDArray[np.float32]:
        return recent(history, self._about["recency"], LATELY)

    # --- an encoder -------------------------------------------------------------------------------------------

    def encode(self, values: Sequence[Sequence[str] | Mapping[str, float]]) -> Vectors:
        """The points of those who chose these items, `(n, dim)`: lists of ids, or mappings to what each counts.

        One who chose no known item has zeros.
        """
        check_list(values, "history")
        for place, value in enumerate(values):
            if not isinstance(value, list | tuple | Mapping):
                raise BadInput(f"value {place} is of type {type(value).__name__}; expected a list of ids, or a mapping")
        return self._points([self.history(value) for value in values])

    @cached_property
    def _gram(self) -> NDArray[np.float64]:
        gram = self.item_vectors.astype(np.float64).T @ self.item_vectors
        return gram + self._about["regularisation"] * np.eye(self.dim)

    def _points(self, histories: Sequence[History]) -> Vectors:
        points = np.zeros((len(histories), self.dim), np.float32)
        for row, each in enumerate(histories):
            counts = np.float32(self._about["confidence"]) * each.weights
            points[row] = fold_in(self.item_vectors, self._gram, each.items, counts)
        return points

    def _scale(self, histories: list[History]) -> float:
        """What the factors' scores have to be multiplied by to vary as widely as those of the links."""
        said = self._links.scores([(each.items, each.weights) for each in histories]).std()
        points = (self._points(histories) @ self.item_vectors.T).std()
        return float(said / points) if said > 0 and points > 0 else 1.0

    # --- bytes ------------------------------------------------------------------------------------------------

    @property
    def _tensors(self) -> Tensors:
        return {
            "items": _joined(self.items),
            "users": _joined(self.users),
            "item vectors": self.item_vectors,
            "user vectors": self.user_vectors,
            "popularity": self.popularity,
            "starts": self._links.starts,
            "to": self._links.to,
            "says": self._links.says,
        }

    def to_bytes(self) -> bytes:
        """All that was learned, and the ids, as safetensors."""
        return pack(self.form, VERSION, {"settings": self._about}, self._tensors)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """What `to_bytes` wrote down. Raises BadInput for anything else."""
        return unpack(data, cls.form, VERSION, cls._of)

    @classmethod
    def _of(cls, about: Mapping[str, Any], arrays: Tensors) -> Self:
        items, users = _split(arrays["items"]), _split(arrays["users"])
        m, n = len(items), len(users)
        item_vectors = floats(arrays, "item vectors", m, None)
        factors = Factors(floats(arrays, "user vectors", n, item_vectors.shape[1]), item_vectors)
        popularity = arrays["popularity"]
        if popularity.shape != (m,) or popularity.dtype != np.int64:
            raise ValueError(f"popularity is {popularity.dtype} {popularity.shape}; expected int64 ({m},)")
        links = ItemLinks.checked(m, arrays["starts"], arrays["to"], arrays["says"])
        names = ("confidence", "regularisation", "recency", "blend", "scale")
        settings = {name: float(about["settings"][name]) for name in names}
        if not all(0 <= value < np.inf for value in settings.values()) or settings["regularisation"] == 0:
            raise ValueError(f"settings {settings}")
        return cls(items, users, factors, links, popularity, settings)


def _check(**settings: float) -> None:
    for name, value in settings.items():
        if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 < value < np.inf:
            raise BadInput(f"{name}={value!r}: expected a number above 0")
    if settings["factors"] != int(settings["factors"]):
        raise BadInput(f"factors={settings['factors']!r}: expected a whole number")


def _joined(ids: Sequence[str]) -> NDArray[np.uint8]:
    """Ids as bytes: each ends with a zero, and a zero or a one in it has a one before it."""
    escaped = (each.replace("\x01", "\x01\x02").replace("\0", "\x01\x03") for each in ids)
    return np.frombuffer("".join(f"{each}\0" for each in escaped).encode("utf-8", "surrogatepass"), np.uint8)


def _split(joined: NDArray[Any]) -> list[str]:
    parts = joined.astype(np.uint8).tobytes().decode("utf-8", "surrogatepass").split("\0")
    if parts.pop():
        raise ValueError("ids that do not end")
    ids = [each.replace("\x01\x03", "\0").replace("\x01\x02", "\x01") for each in parts]
    if not ids or len(set(ids)) != len(ids):
        raise ValueError(f"{len(ids)} ids, {len(set(ids))} different ones")
    return ids
