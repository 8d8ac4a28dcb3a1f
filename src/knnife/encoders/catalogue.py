"""Which encoders there are, by name. To add one, write its file and add a line to `BUILT_IN`.

Other packages add theirs through the entry point group `knnife.encoders`, in their pyproject.toml:

    [project.entry-points."knnife.encoders"]
    klingon = "my_package.klingon:encoder"      # called without arguments, it returns an Encoder

Nothing is imported before it is asked for, so a broken package of somebody else disturbs nobody.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from knnife.encoders.protocol import Encoder
from knnife.errors import BadInput, KnnifeError, NotFound

DEFAULT = "english"
GROUP = "knnife.encoders"


@dataclass(frozen=True)
class Entry:
    """One encoder of the catalogue.

    name: what users call it.
    target: "module:callable"; called without arguments, it returns the encoder.
    kind: what it takes ("text"); dim: how many components its vectors have. Plugins do not say: "" and None.
    extra: the optional extra of knnife that it needs.
    licence: of its weights; size: of its files, in bytes.
    what: one line for people.
    """

    name: str
    target: str
    kind: str = ""
    dim: int | None = None
    extra: str | None = None
    licence: str = ""
    size: int = 0
    what: str = ""

    def load(self) -> Encoder:
        """The encoder. Raises BadInput when it cannot be imported or is not one."""
        module, _, attribute = self.target.partition(":")
        try:
            encoder = getattr(importlib.import_module(module), attribute)()
        except KnnifeError:
            raise
        except Exception as error:  # whatever somebody else's package raises
            raise BadInput(
                f"encoder {self.name!r} ({self.target}) cannot be loaded: {type(error).__name__}: {error}"
            ) from error
        return _checked(encoder, f"what {self.target} returned")


BUILT_IN = (
    Entry(
        name="english",
        target="knnife.encoders.static:english",
        kind="text",
        dim=256,
        licence="Apache-2.0",
        size=8_124_000,
        what="static English text model, distilled from all-MiniLM-L6-v2; part of this package",
    ),
)


def models() -> list[Entry]:
    """Every encoder that can be had by name: the built-in ones, then those of other packages by name."""
    return [*BUILT_IN, *_plugins()]


def load_encoder(encoder: str | Path | Encoder = DEFAULT) -> Encoder:
    """The encoder that the catalogue, or else a folder with a static model, has under this name.

    An encoder given is returned as it is. A name goes before a folder of that name: that is "./english".
    Raises NotFound when there is no such name or folder, BadInput when what is there is no encoder.
    """
    if not isinstance(encoder, str | Path):
        return _checked(encoder, "the encoder given")
    for entry in BUILT_IN:  # first, because asking the installed packages for theirs takes a while
        if entry.name == encoder:
            return entry.load()
    if Path(encoder).is_dir():
        from knnife.encoders.static import StaticEncoder

        return StaticEncoder.load(encoder)
    entries = {entry.name: entry for entry in models()}
    if str(encoder) in entries:
        return entries[str(encoder)].load()
    raise NotFound(
        f"no encoder {str(encoder)!r}: expected one of {', '.join(entries)}, or the folder of a static model"
    )


def _plugins() -> Iterator[Entry]:
    from importlib.metadata import entry_points  # 20 ms, so only where needed

    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        package = point.dist.name if point.dist else "an unknown package"
        yield Entry(name=point.name, target=point.value, what=f"from the package {package}")


def _checked(encoder: object, what: str) -> Encoder:
    if isinstance(encoder, type) or not isinstance(encoder, Encoder):
        raise BadInput(
            f"{what} is no encoder but of type {type(encoder).__name__}: "
            "expected an object with name, dim, kind, fingerprint and encode(values)"
        )
    return encoder
