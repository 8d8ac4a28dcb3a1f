"""What the catalogue knows about one model, without loading it: facts, whether it is here, and how to get it."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import asdict, dataclass
from importlib.machinery import ModuleSpec
from typing import Any, Final, NamedTuple

from knnife.encoders.protocol import Encoder, Progress, as_encoder
from knnife.errors import BadInput, KnnifeError, MissingPackage

HUB: Final = "hf:"
EXTRAS: Final = {  # and what they bring
    "onnx": "onnxruntime",
    "pictures": "PIL",
    "sentence-transformers": "sentence_transformers",
}


class Score(NamedTuple):
    """A published figure: of which benchmark, how much, and the page that states it."""

    benchmark: str
    value: float
    source: str


@dataclass(frozen=True)
class Entry:
    """One encoder of the catalogue. What nobody has stated is "", 0, None or empty.

    name: what users call it.
    target: "module:callable", which called without arguments returns the encoder; or "hf:owner/name" at the hub.
    kind: what it takes: "text", "image", "audio", "face"; dim: how many components its vectors have.
    extra: the optional extra of knnife that it needs, or several with commas between.
    blocked: why knnife cannot load it today, "" when it can.
    licence: of its weights, by its SPDX name where it has one; commercial: whether it allows commercial use.
    size: of its weights, in bytes; languages: ISO 639 codes of the texts it was made for.
    query_prefix, passage_prefix: the words it wants before each; max_tokens: its longest input, None for any length.
    good_at, what: a few words and one line for people; page: where its makers describe it.
    """

    name: str
    target: str
    kind: str = ""
    dim: int | None = None
    extra: str | None = None
    licence: str = ""
    commercial: bool | None = None
    size: int = 0
    languages: tuple[str, ...] = ()
    query_prefix: str = ""
    passage_prefix: str = ""
    max_tokens: int | None = None
    good_at: str = ""
    scores: tuple[Score, ...] = ()
    what: str = ""
    page: str = ""
    blocked: str = ""

    @property
    def here(self) -> str:
        """Where it is: "built in", "installed" (its package), "cached" (by the hub's cache), or "" for nowhere."""
        if self.target.startswith(HUB):
            from knnife.encoders import hub  # what is built in needs no formats of files

            return "cached" if hub.cached(self.target) else ""
        package = self.target.partition(".")[0].partition(":")[0]
        if package == "knnife":
            return "built in"
        return "installed" if located(package) else ""

    @property
    def needs(self) -> str:
        """What there is to do before it loads, for people; "" when nothing is."""
        if self.blocked:
            return f"cannot be loaded yet: {self.blocked}"
        steps = []
        extras = self.extra.split(",") if self.extra else []
        if missing := [each for each in extras if not (located(EXTRAS[each]) if each in EXTRAS else self.here)]:
            steps.append(f'pip install "knnife[{",".join(missing)}]"')
        if self.target.startswith(HUB) and not self.here:
            steps.append(f"knnife models get {self.name}")
        return ", then ".join(steps)

    def row(self) -> dict[str, Any]:
        """Every fact, as plain values."""
        facts = asdict(self) | {"scores": [score._asdict() for score in self.scores]}
        return facts | {"languages": list(self.languages), "here": self.here, "needs": self.needs}

    def load(self, *, download: bool = False, progress: Progress | None = None) -> Encoder:
        """The encoder; `download` and `progress` are those of `load_encoder`, for models at the hub.

        Raises BadInput when it cannot be imported, is no encoder, or is one that knnife cannot load yet;
        MissingPackage when its extra is not installed; NotFound when it would have to be downloaded.
        """
        if self.blocked:
            raise BadInput(f"the model {self.name} is in the catalogue, but cannot be loaded yet: {self.blocked}")
        if self.target.startswith(HUB):
            from knnife.encoders.model_folders import folder_encoder, hub_folder

            folder = hub_folder(self.target, download=download, progress=progress)
            return folder_encoder(folder, self.target, f"the model {self.target}", lambda _: self)
        module, _, attribute = self.target.partition(":")
        if self.extra and not self.here:
            raise MissingPackage(module.partition(".")[0], self.extra, f"the encoder {self.name}")
        try:
            encoder = getattr(importlib.import_module(module), attribute)()
        except KnnifeError:
            raise
        except Exception as error:  # whatever somebody else's package raises
            raise BadInput(
                f"encoder {self.name!r} ({self.target}) cannot be loaded: {type(error).__name__}: {error}"
            ) from error
        return as_encoder(encoder, f"what {self.target} returned")


def located(package: str) -> ModuleSpec | None:
    """Where a package is installed, or None. It is looked for, not imported."""
    try:
        return importlib.util.find_spec(package) if package.isidentifier() else None
    except ValueError:  # there is something of that name, but nobody knows from where
        return None
