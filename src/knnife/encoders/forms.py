"""Trained encoders as bytes: which class restores which form.

A trained encoder has no name that leads to it, so a space or a model file stores its `form` and the bytes of
`to_bytes()`. One of ours joins by a line in `FORMS`; another package declares an entry point, named like the form:

    [project.entry-points."knnife.forms"]
    crystals = "my_package.crystals:CrystalEncoder"    # a class with from_bytes(data), or a callable that takes bytes

Nothing is imported before it is needed.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from knnife.encoders.protocol import Encoder, as_encoder
from knnife.errors import BadInput, KnnifeError

GROUP: Final = "knnife.forms"
FORMS: Final = {  # form -> class; its from_bytes restores what its to_bytes wrote
    "rows": "knnife.encoders.rows:RowEncoder",
    "words": "knnife.encoders.word_vectors:WordVectors",
    "scenes": "knnife.encoders.scenes:SceneEncoder",
    "adapted": "knnife.encoders.adapted:AdaptedEncoder",
    "whitened": "knnife.encoders.whitened:WhitenedEncoder",
    "taste": "knnife.encoders.taste:Taste",
    "faces": "knnife.encoders.faces:FaceEncoder",
}


def target(form: str) -> str | None:
    """The "module:attribute" that restores a form; None where no installed package does."""
    if form in FORMS:
        return FORMS[form]
    from importlib.metadata import entry_points  # 20 ms, so only where needed

    return next((point.value for point in entry_points(group=GROUP, name=form)), None)


def restore(form: str, data: bytes) -> Encoder:
    """The encoder whose form and bytes these are.

    Raises BadInput where no installed package restores the form, where the bytes are damaged, and for whatever the
    class of another package raises; NotFound and others as the class raises them.
    """
    place = target(form)
    if place is None:
        raise BadInput(
            f"an encoder of the form {form!r} is kept here, which this knnife cannot read; a later one may, or the "
            f"package that trained it, which has an entry point {form!r} in the group {GROUP!r}: install that package"
        )
    module, _, attribute = place.partition(":")
    try:
        found: Any = import_module(module)
        for name in attribute.split("."):
            found = getattr(found, name)
        encoder = getattr(found, "from_bytes", found)(data)
    except KnnifeError:
        raise
    except Exception as error:  # whatever the package of somebody else raises
        raise BadInput(
            f"{place} cannot restore an encoder of the form {form!r}: {type(error).__name__}: {error!s:.200}"
        ) from error
    return as_encoder(encoder, f"what {place} restored")


def is_trained(encoder: Encoder) -> bool:
    """Was the encoder trained on somebody's things, so that its bytes are kept and not its name?"""
    return getattr(encoder, "form", None) is not None


def check_form(encoder: Encoder) -> None:
    """Raises BadInput for a trained encoder that nobody could restore. To be called before anything is written."""
    form = getattr(encoder, "form", None)
    if form is None:
        return
    what = f"the encoder {encoder.name} ({type(encoder).__module__}.{type(encoder).__qualname__})"
    if not isinstance(form, str) or not callable(getattr(encoder, "to_bytes", None)):
        lacks = "no method to_bytes()" if isinstance(form, str) else f"a form of type {type(form).__name__}"
        raise BadInput(
            f"{what} was trained, as it has a form, {form!r:.40}, but {lacks}: expected a form of type str, and a "
            "to_bytes() that gives the bytes of the encoder. Without a form it would be loaded by its name"
        )
    if target(form) is None:
        raise BadInput(
            f"{what} has the form {form!r}, which no installed package restores, so it would be lost: expected an "
            f"entry point {form!r} in the group {GROUP!r}. Declare it in the package of the encoder and install that: "
            f'[project.entry-points."{GROUP}"] {form} = "MODULE:CLASS", with a classmethod from_bytes(data)'
        )


def written(encoder: Encoder) -> tuple[str, bytes] | None:
    """The form and the bytes of a trained encoder; None for those that are loaded by their name.

    Raises what `check_form` does, and BadInput where `to_bytes` gives something else than bytes.
    """
    if not is_trained(encoder):
        return None
    check_form(encoder)
    trained: Any = encoder
    data = trained.to_bytes()
    if not isinstance(data, bytes):
        raise BadInput(f"to_bytes() of the encoder {encoder.name} gave {type(data).__name__}; expected bytes")
    return trained.form, data
