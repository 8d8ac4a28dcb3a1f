"""Users and items as points of one space, learned from who chose what: the encoder behind `recommend`.

Two models are learned from the same interactions, one file of _taste/ each: factors of users and items (als.py), which
are the points, and what each item says for each other (ease.py). A ranking adds both, and what somebody chose last
counts more, where times are known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._taste.als import Factors, factorise, fold_in
from knnife.encoders._taste.best_items import Best, best
from knnife.encoders._taste.ease import ease
from knnife.encoders._taste.history import History, evened, of_user, recent
from knnife.encoders._taste.links import ItemLinks
from knnife.encoders._taste.taste_settings import TasteSettings
from knnife.encoders.protocol import Progress, check_list
from knnife.encoders.tensors import Tensors, digest, floats, pack, unpack
from knnife.errors import BadInput
from knnife.geometry import Metric, Vectors
from knnife.things.interactions import Interactions
from knnife.threads import on_all_cores

VERSION: Final = 1  # of what `to_bytes` writes, and of how vectors follow from it
AT_ONCE: Final = 1 << 20  # scores of a block
SAMPLE: Final = 500  # users whose scores say how widely those of each model vary
NOTHING: Final = History(np.empty(0, np.int32), np.empty(0, np.float32))


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
        settings: TasteSettings,
        scale: float,
    ) -> None:
        """Parts that belong together, see `train`. scale: by which scores from factors vary as those of links do."""
        self.items, self.users = list(items), list(users)
        self.item_vectors, self.user_vectors = factors.items, factors.users
        self.popularity, self.settings = popularity, settings
        self.dim = int(factors.items.shape[1])
        self._links = links
        self._scale = scale
        self.fingerprint = digest(self.form, VERSION, *self._parts)

    @classmethod
    def train(cls, interactions: Interactions, *, progress: Progress | None = None, **settings: Any) -> Self:
        """Learn from interactions, each of which says that a user wanted an item.

        settings: what there is to choose, all with values that need no tuning: factors, confidence, regularisation,
        rounds, smoothing, links, recency, blend and seed (_taste/taste_settings.py says what they mean). progress(done,
        fraction) is called with how many interactions were learned from.

        Raises BadInput where there is no interaction, and for settings out of their range.
        """
        chosen = TasteSettings.of(settings)
        if not len(interactions):
            raise BadInput("there is no interaction to learn from; expected 1 or more")
        told = progress or (lambda done, share: None)
        learned = factorise(interactions, chosen, lambda share: told(int(share * len(interactions)), share / 2))
        links = ease(interactions, chosen)
        popularity = np.bincount(interactions.chosen, minlength=len(interactions.items))
        sample = np.random.default_rng(chosen.seed).permutation(len(interactions.users))[:SAMPLE]
        scale = _scale(learned, links, [of_user(interactions, int(user)) for user in sample], sample)
        made = cls(interactions.items, interactions.users, learned, links, popularity, chosen, scale)
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
        said = self._links.scores([(each.items, recent(each, self.settings.recency)) for each in histories])
        if self.settings.blend:
            share = np.float32(self.settings.blend * self._scale)
            said += share * (self._points(histories) @ self.item_vectors.T)
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
        said = self._links.between(history.items, item) * recent(history, self.settings.recency)
        if self.settings.blend and len(history.items):
            counts = self._counts(history)
            own = self.item_vectors[history.items].astype(np.float64)
            back = np.linalg.solve(self._gram + (own.T * np.abs(counts)) @ own, self.item_vectors[item])
            said += self.settings.blend * self._scale * np.where(counts > 0, 1 + counts, 0) * (own @ back)
        return said.astype(np.float32)

    # --- an encoder -------------------------------------------------------------------------------------------

    def encode(self, values: Sequence[Sequence[str] | Mapping[str, float]]) -> Vectors:
        """The points of those who chose these items, `(n, dim)`: lists of ids, or mappings to what each counts.

        One who chose no known item has zeros.
        """
        check_list(values, "history")
        for place, value in enumerate(values):
            if not isinstance(value, list | tuple | Mapping):
                raise BadInput(f"value {place} is of type {type(value).__name__}; expected a list of ids, or a mapping")
        return self._points([self.history(value, timed=False) for value in values])

    @cached_property
    def _gram(self) -> NDArray[np.float64]:
        gram = self.item_vectors.astype(np.float64).T @ self.item_vectors
        return gram + self.settings.regularisation * np.eye(self.dim)

    def _counts(self, history: History) -> NDArray[np.float32]:
        return np.float32(self.settings.confidence) * evened(recent(history, self.settings.recency))

    def _points(self, histories: Sequence[History]) -> Vectors:
        points = np.zeros((len(histories), self.dim), np.float32)
        for row, each in enumerate(histories):
            points[row] = fold_in(self.item_vectors, self._gram, each.items, self._counts(each))
        return points

    # --- bytes ------------------------------------------------------------------------------------------------

    @property
    def _parts(self) -> tuple[dict[str, Any], Tensors]:
        about = {"settings": asdict(self.settings), "scale": self._scale}
        return about, {
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
        return pack(self.form, VERSION, *self._parts)

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
        scale = float(about["scale"])
        if not 0 < scale < np.inf:
            raise ValueError(f"scale {scale}")
        return cls(items, users, factors, links, popularity, TasteSettings.of(about["settings"]), scale)


def _scale(factors: Factors, links: ItemLinks, histories: Sequence[History], sample: NDArray[np.int64]) -> float:
    """What scores from factors have to be multiplied by to vary as widely as those from links, for some users."""
    said = links.scores([(each.items, each.weights) for each in histories]).std()
    points = (factors.users[sample] @ factors.items.T).std()
    return float(said / points) if said > 0 and points > 0 else 1.0


def _joined(ids: Sequence[str]) -> NDArray[np.uint8]:
    """Ids in UTF-8, each with a zero behind it; a zero in one is written as 1 3, a one as 1 2."""
    escaped = (each.replace("\x01", "\x01\x02").replace("\0", "\x01\x03") for each in ids)
    return np.frombuffer("".join(f"{each}\0" for each in escaped).encode("utf-8", "surrogatepass"), np.uint8)


def _split(written: NDArray[Any]) -> list[str]:
    """The ids that `_joined` wrote. Raises ValueError where they are none, or not all different."""
    parts = written.astype(np.uint8).tobytes().decode("utf-8", "surrogatepass").split("\0")
    if parts.pop():
        raise ValueError("ids that do not end")
    ids = [each.replace("\x01\x03", "\0").replace("\x01\x02", "\x01") for each in parts]
    if not ids or len(set(ids)) != len(ids):
        raise ValueError(f"{len(ids)} ids, {len(set(ids))} different ones")
    return ids
