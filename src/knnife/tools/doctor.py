"""Is this space healthy, and if not, what is to be done?

Vectors and texts are read once and judged as a whole; the shape of the cloud and what the model reads of the texts on a
sample. Each check is in a file of knnife/tools/_doctor, with the limits by which it judges, and where these come from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from knnife.encoders.protocol import Progress
from knnife.errors import BadInput, NotFound, SpaceError
from knnife.space import Space, opened
from knnife.things import Reading
from knnife.tools._doctor.check_result import Finding, State, worst
from knnife.tools._doctor.cloud import LEAST, check_cloud
from knnife.tools._doctor.survey import Report, look_at_array, look_at_space
from knnife.tools._doctor.texts import check_texts
from knnife.tools._doctor.upkeep import check_encoder, check_upkeep, damaged
from knnife.tools._doctor.vectors import check_vectors

READING = 0.5  # of the work; the rest is comparing


@dataclass(frozen=True)
class Checkup:
    """What was found, check by check.

    things: how many there are. sample: how many of them the costlier checks looked at, drawn with `seed`.
    """

    findings: tuple[Finding, ...]
    things: int
    sample: int
    seed: int

    @property
    def state(self) -> State:
        """The worst of all: "good", "warning" or "bad"."""
        return worst("good", *(finding.state for finding in self.findings))

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row a check.

        Columns:
            check (str): what was checked.
            state (str): "good", "warning", "bad", or "unknown" where nobody can know.
            means (str): what was found, in a sentence.
            figures (dict): the same for programs.
            looked_at (int): how many things were looked at.
            remedy (str | None): a command, or Python, that mends it.
            ids (list[str | int]): some of the things concerned.
        """
        for finding in self.findings:
            yield asdict(finding)

    def __getitem__(self, check: str) -> Finding:
        """What the check of that name found. Raises KeyError where there was no such check."""
        for finding in self.findings:
            if finding.check == check:
                return finding
        raise KeyError(check)


def doctor(
    space: Any, *, view: str | None = None, sample: int = 10_000, seed: int = 0, progress: Progress | None = None
) -> Checkup:
    """Checks a space, or vectors; nothing is changed.

    Args:
        space: a Space, or vectors `(n, d)`, of which soundness and shape are checked; or the path of one.
        view: not the default view but this one.
        sample: how many things at most are compared with each other, which takes the square of that, and read by the
            tokenizer.
        seed: draws the sample.
        progress: called with the number of things done and the share (0 to 1) of the work.

    Raises:
        BadInput: this is neither a space nor numbers in rows, or the sample is below 100.
        NotFound: there is no such view.

    """
    if sample < LEAST:
        raise BadInput(f"sample is {sample}; expected {LEAST} or more, as fewer tell nothing")
    tell = progress or (lambda done, fraction: None)

    def reading(done: int, share: float) -> None:
        tell(done, READING * share)

    def comparing(done: int, share: float) -> None:
        tell(done, READING + (1 - READING) * share)

    with opened(space, what="what is checked") as given:
        if isinstance(given, Space):
            try:
                return _check_space(given, view, sample, seed, reading, comparing)
            except (SpaceError, ValueError) as error:  # what SQLite, and the bytes in the file, may hold against that
                if isinstance(error, BadInput):
                    raise
                return Checkup((damaged(str(given.path), error),), 0, 0, seed)
        if isinstance(given, Reading):
            raise BadInput(f"{given.source} is neither a space nor an array (.npy), and nothing else can be checked")
        looked = look_at_array(given, sample, seed, reading)
    findings = (*check_vectors(looked), *check_cloud(looked, seed, comparing))
    return Checkup(findings, looked.n, len(looked.sample.rows), seed)


def _check_space(space: Space, name: str | None, sample: int, seed: int, reading: Report, comparing: Report) -> Checkup:
    info = space.info(check=True)
    views = [view for view in info.views if (view.default if name is None else view.name == name)]
    if not views and name is not None:
        names = ", ".join(view.name for view in info.views) or "none yet"
        raise NotFound(f"there is no view {name!r} in this space; its views: {names}")
    if not views or not info.things:
        return Checkup((Finding("things", "unknown", "the space is empty", {}, 0),), 0, 0, seed)
    view = views[0]
    encoder, said = check_encoder(space, view)
    if not view.ready:
        return Checkup((*check_upkeep(info, view), said), info.things, 0, seed)
    looked = look_at_space(space, view.name, sample, seed, reading)
    findings = (
        *check_upkeep(info, view, looked.characters),
        said,
        *check_vectors(looked),
        *check_texts(looked, encoder),
        *check_cloud(looked, seed, comparing),
    )
    return Checkup(findings, looked.n, len(looked.sample.rows), seed)
