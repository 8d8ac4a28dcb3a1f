"""Which encoder made the vectors of a view, and is the one at hand the same?

Vectors of different encoders can be compared without any error, only the answers are worse. So every view has the
fingerprint of its encoder, which is compared whenever something is encoded.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from knnife.encoders import DEFAULT, Encoder, load_encoder, trusted, vector_cache
from knnife.encoders.forms import FORMS, check_form, is_trained, restore, written
from knnife.encoders.loading import load_kept
from knnife.encoders.protocol import check_values, encode_query, encode_text, preferred_metric, reading_for
from knnife.errors import BadInput, BadPictures, EncoderMismatch, NotASpace, Untrusted
from knnife.geometry import Metric, Vectors
from knnife.space.protocols import Snapshot, Writer
from knnife.space.records import Dtype, View
from knnife.things.kinds import kind, kind_of_file


class Models:
    """The encoders of one space: the one given by the user, and those that its views name."""

    def __init__(self, path: Path, given: str | Encoder | None) -> None:
        self._path = path
        self._known: dict[str, Encoder] = {}  # by fingerprint
        self._loaded: dict[str, Encoder] = {}  # by the name that a view has for it
        self._given = None if given is None else self.know(given)

    @property
    def given(self) -> Encoder | None:
        """The encoder that the user named."""
        return self._given

    @property
    def preferred_metric(self) -> Metric:
        """By which metric the vectors of a new space are compared where nobody says otherwise."""
        return "cosine" if self._given is None else preferred_metric(self._given)

    def know(self, encoder: str | Encoder, snapshot: Snapshot | None = None) -> Encoder:
        """Load an encoder that the user gives, first one kept in the space (of `snapshot`), and use it from now on."""
        loaded = (snapshot and self._kept_as(encoder, snapshot)) or load_encoder(encoder)
        if os.path.isabs(loaded.name) or loaded.name.startswith(trusted.ENDPOINT):
            trusted.note(loaded.name)  # an object was given, whose name leads somewhere
        return self._use(loaded)

    def _use(self, loaded: Encoder) -> Encoder:
        """Make it the encoder of its views, from now on, and of those of an older one that it goes on for."""
        self._known[loaded.fingerprint] = loaded
        for fingerprint in getattr(loaded, "succeeds", ()):
            self._known.setdefault(fingerprint, loaded)
        return loaded

    def check(self, view: View | None) -> None:
        """Refuse an encoder given by the user that did not make the vectors of the view."""
        if self._given is not None and view is not None and view.fingerprint not in self._known:
            raise self._mismatch(view, self._given)

    def of(self, snapshot: Snapshot, view: View | None) -> Encoder:
        """The encoder of a view; of a space without vectors, the one given or the default."""
        if view is None:
            return self._given or self._load(DEFAULT)
        if (known := self._known.get(view.fingerprint or "")) is not None:
            return known
        if view.is_default:
            self.check(view)
        if view.encoder is None and view.origin is not None:
            raise BadInput(
                f"the view {view.name!r} of {self._path} was derived, so nothing encodes for it: ask with a vector of "
                f"{view.dim} components, or with ids of things"
            )
        if view.encoder is None:
            raise BadInput(
                f"the vectors of {self._path} were brought along, so there is no encoder for texts: give a vector, "
                f"search by words, or make a view with an encoder: knnife reencode {self._path} --encoder {DEFAULT}"
            )
        if (own := self._restored(snapshot, view.fingerprint or "")) is not None:
            return self._use(own)
        encoder = self._load(view.encoder)
        if view.fingerprint not in self._known:
            raise self._mismatch(view, encoder)
        return encoder

    def reading(self, snapshot: Snapshot, view: View | None) -> dict[str, Any]:
        """How `as_things` is to read what has no form yet: as rows or pictures, where the encoder takes those."""
        own = kind(view.kind if view else self._given.kind if self._given else None)
        return (
            reading_for(self.of(snapshot, view)) if own.whole_rows else dict(own.reading)
        )  # rows: but for what it leaves out

    def encode_query(self, snapshot: Snapshot, view: View, values: Sequence[Any]) -> Vectors:
        """The vectors `(n, d)` of queries. Raises BadInput, with what finds by words, for a text that is no picture."""
        encoder = self.of(snapshot, view)
        if kind(encoder.kind).in_files:
            values = [os.fspath(value) if isinstance(value, os.PathLike) else value for value in values]
        check_values(encoder, values)
        try:
            return vector_cache.checked(encoder, encode_query(encoder, values), len(values))
        except BadPictures as error:
            texts = [value for place in error.faults if isinstance(value := values[place], str)]
            words = next((text for text in texts if not (kind_of_file(text) or os.path.exists(text))), "")
            if not words.strip():
                raise
            raise BadInput(f"{error}; to find pictures by words: knnife search {self._path} {words[:60]!r}") from error

    def encode_text(self, snapshot: Snapshot, view: View, texts: Sequence[str]) -> Vectors:
        """The vectors `(n, d)` of texts that are to find things. Raises BadInput where the encoder knows no words."""
        encoder = self.of(snapshot, view)
        vectors = encode_text(encoder, texts)
        if vectors is None:
            raise BadInput(
                f"the encoder {encoder.name} of {self._path} knows no words, so no text finds what it encoded: ask "
                f"with a picture (knnife near {self._path} FILE), for words in names and metadata (--by words, "
                'by="words"), or re-encode with a model of texts and pictures (knnife models search words)'
            )
        return vector_cache.checked(encoder, vectors, len(texts))

    def _kept_as(self, name: str | Encoder, snapshot: Snapshot) -> Encoder | None:
        """The encoder that the space keeps for the newest view whose encoder is called so."""
        if not isinstance(name, str):
            return None
        found = (self._restored(snapshot, view.fingerprint or "") for view in snapshot.views if view.encoder == name)
        return next((own for own in reversed([*found]) if own is not None), None)

    def _restored(self, snapshot: Snapshot, fingerprint: str) -> Encoder | None:
        """The trained encoder of this fingerprint, if the space keeps it.

        Raises NotASpace where its bytes are damaged; BadInput where the package that restores it is missing or fails.
        """
        held = snapshot.encoder(fingerprint)
        if held is None:
            return None
        hint = "its vectors can still be read (`knnife export`), nothing can be encoded"
        copy = f"{hint}; restore the file from a copy"
        form, data = held
        if not isinstance(form, str) or not isinstance(data, bytes):
            raise NotASpace(f"{self._path} is damaged: the encoder kept in it is no such thing; {copy}")
        try:
            encoder = restore(form, data)
        except Untrusted as error:  # what it builds on
            trusted.check(error.encoder, self._path)
            raise
        except BadInput as error:
            if form not in FORMS:  # a package is missing or broken; the file is as it was
                raise BadInput(f"the encoder of {self._path} cannot be restored: {error}; until then {hint}") from error
            raise NotASpace(f"the encoder kept in {self._path} cannot be used: {error}; {copy}") from error
        if encoder.fingerprint != fingerprint:
            raise NotASpace(
                f"{self._path} is damaged: the encoder kept in it is another than the one of its view; {copy}"
            )
        return encoder

    def _load(self, name: str) -> Encoder:
        if name not in self._loaded:
            self._loaded[name] = self._use(load_kept(name, self._path))
        return self._loaded[name]

    def _mismatch(self, view: View, encoder: Encoder) -> EncoderMismatch:
        made = (
            f"by {view.encoder} ({(view.fingerprint or '')[:12]})" if view.encoder else "elsewhere, and brought along"
        )
        again = f"knnife reencode {self._path} --encoder {encoder.name}"
        if is_trained(encoder):  # the command line has no name for it
            again = "space.reencode(encoder), in Python"
        return EncoderMismatch(
            f"the vectors of {self._path} were made {made}, and cannot be compared with those of {encoder.name} "
            f"({encoder.fingerprint[:12]}). Leave the encoder out, or re-encode the things: {again}"
        )


class AddTarget:
    """The default view as the place where an add puts its vectors; made with the first of them."""

    def __init__(self, models: Models, view: View | None, dtype: Dtype) -> None:
        self._models, self._view, self._dtype = models, view, dtype
        self._encoder: Encoder | None = None  # once something was encoded

    def encoder(self, snapshot: Snapshot) -> Encoder:
        """The encoder of the values that are added; refused where the space could not keep it."""
        if self._encoder is None:
            self._encoder = self._models.of(snapshot, self._view)
            if self._view is None:
                check_form(self._encoder)
        return self._encoder

    def view(self, writer: Writer, dim: int) -> View:
        """The default view, checked against what is about to be added, or made if there is none."""
        view = next((view for view in writer.views if view.is_default), None)
        if view is None:
            given = self._models.given is not None
            encoder = self.encoder(writer) if given or self._encoder else None  # else all vectors so far were brought
            view = writer.put_view(new_view(encoder, self._dtype, dim=dim)._replace(ready=True, is_default=True))
            if encoder is not None:
                keep(writer, encoder)
        elif self._view is not None and view.number != self._view.number:
            raise EncoderMismatch("the space was re-encoded while things were added; run the same add again")
        elif self._view is None:  # made by another process since this add began
            self._models.check(view)
        if view.dim != dim:
            raise BadInput(f"vectors of {dim} dimensions given; this space holds {view.dim}")
        self._view = view
        return view


def new_view(encoder: Encoder | None, dtype: Dtype, *, name: str | None = None, dim: int = 0) -> View:
    """A view for the vectors of an encoder (None: they are brought along, of `dim` components), not made yet."""
    if encoder is None:
        return View(0, name or "vectors", None, None, None, dim, dtype, ready=False, is_default=False)
    of = (encoder.name, encoder.fingerprint, encoder.kind, encoder.dim)
    return View(0, name or encoder.name, *of, dtype, ready=False, is_default=False)


def keep(writer: Writer, encoder: Encoder) -> None:
    """Keep a trained encoder, in the transaction that makes its view, so that neither lacks the other."""
    if (found := written(encoder)) is not None:
        writer.keep_encoder(encoder.fingerprint, *found)
