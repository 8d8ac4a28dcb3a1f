"""Which encoder made the vectors of a view, and is the one at hand the same?

A query encoded by another model than the things is the quietest of all faults: nothing fails, the answers are just
worse. So the fingerprint of the encoder is kept with every view, and compared whenever something is encoded.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from knnife.encoders import DEFAULT, Encoder, load_encoder, vector_cache
from knnife.encoders.forms import check_form, is_trained
from knnife.encoders.protocol import check_values, encode_query, encode_text, reading_for
from knnife.errors import BadInput, BadPictures, EncoderMismatch
from knnife.geometry import Vectors
from knnife.space.sqlite.store import Store
from knnife.space.sqlite.stored_encoders import keep, kept
from knnife.space.views import Dtype, View, make, pick, views
from knnife.things.kinds import kind, kind_of_file


class Models:
    """The encoders of one space: the one given by the user, and those that its views name."""

    def __init__(self, path: Path, given: str | Encoder | None) -> None:
        self._path = path
        self._known: dict[str, Encoder] = {}  # by fingerprint
        self._loaded: dict[str, Encoder] = {}  # by the name that a view has for it
        self._store: Store | None = None
        self._given = None if given is None else self.know(given)

    def found_in(self, store: Store) -> None:
        """From now on, encoders that were trained for the space are found in its file."""
        self._store = store

    @property
    def given(self) -> Encoder | None:
        """The encoder that the user named."""
        return self._given

    def know(self, encoder: str | Encoder) -> Encoder:
        """Load an encoder, and from now on take it for the views whose vectors it makes.

        A name that a view has for an encoder kept in the file goes before others.
        """
        loaded = self._kept_as(encoder) or load_encoder(encoder)
        self._known[loaded.fingerprint] = loaded
        return loaded

    def check(self, view: View | None) -> None:
        """Refuse an encoder given by the user that did not make the vectors of the view."""
        if self._given is not None and view is not None and view.fingerprint not in self._known:
            raise self._mismatch(view, self._given)

    def of(self, view: View | None) -> Encoder:
        """The encoder of a view; of a space without vectors, the one given or the default."""
        if view is None:
            return self._given or self._load(DEFAULT)
        if (known := self._known.get(view.fingerprint or "")) is not None:
            return known
        if view.is_default:
            self.check(view)
        if view.encoder is None:
            raise BadInput(
                f"the vectors of {self._path} were brought along, so there is no encoder for texts: give a vector, "
                f"search by words, or make a view with an encoder: knnife reencode {self._path} --encoder {DEFAULT}"
            )
        if (own := self._kept(view)) is not None:
            return own
        encoder = self._load(view.encoder)
        if encoder.fingerprint != view.fingerprint:
            raise self._mismatch(view, encoder)
        return encoder

    def reading(self, view: View | None) -> dict[str, Any]:
        """How `as_things` is to read what has no form yet: as rows or pictures, where the encoder takes those."""
        own = kind(view.kind if view else self._given.kind if self._given else None)
        return reading_for(self.of(view)) if own.whole_rows else dict(own.reading)  # rows: but for what it leaves out

    def encode(self, view: View | None, values: Sequence[Any]) -> Vectors:
        """The vectors `(n, d)` of things."""
        encoder = self.of(view)
        check_values(encoder, values)
        return vector_cache.encode(encoder, values)

    def encode_query(self, view: View, values: Sequence[Any]) -> Vectors:
        """The vectors `(n, d)` of queries. Raises BadInput, with what finds by words, for a text that is no picture."""
        encoder = self.of(view)
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

    def encode_text(self, view: View, texts: Sequence[str]) -> Vectors:
        """The vectors `(n, d)` of texts that are to find things. Raises BadInput where the encoder knows no words."""
        encoder = self.of(view)
        vectors = encode_text(encoder, texts)
        if vectors is None:
            raise BadInput(
                f"the encoder {encoder.name} of {self._path} knows no words, so no text finds what it encoded: ask "
                f"with a picture (knnife near {self._path} FILE), for words in names and metadata (--by words, "
                'by="words"), or re-encode with a model of texts and pictures (knnife models search words)'
            )
        return vector_cache.checked(encoder, vectors, len(texts))

    def _kept(self, view: View) -> Encoder | None:
        """The encoder that the file itself keeps for a view."""
        if self._store is None or view.fingerprint is None:
            return None
        with self._store.read() as db:
            own = kept(db, view.fingerprint)
        return None if own is None else self.know(own)

    def _kept_as(self, name: str | Encoder) -> Encoder | None:
        """The encoder that the file keeps for the newest view whose encoder is called so."""
        if self._store is None or not isinstance(name, str):
            return None
        with self._store.read() as db:
            found = [kept(db, view.fingerprint or "") for view in views(db) if view.encoder == name]
        return next((own for own in reversed(found) if own is not None), None)

    def _load(self, name: str) -> Encoder:
        if name not in self._loaded:
            self._loaded[name] = self.know(name)
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


class Target:
    """The default view as the place where an add puts its vectors; made with the first of them."""

    def __init__(self, models: Models, view: View | None, dtype: Dtype) -> None:
        self._models, self._view, self._dtype = models, view, dtype
        self._encoded = models.given is not None or view is not None  # is there any word of an encoder?

    def encode(self, values: Sequence[Any]) -> Vectors:
        """The vectors of values, by the encoder of the space."""
        self._encoded = True
        if self._view is None:
            check_form(self._models.of(None))
        return self._models.encode(self._view, values)

    def view(self, db: sqlite3.Connection, dim: int) -> View:
        """The default view, checked against what is about to be added."""
        view = pick(views(db), None)
        if view is None:
            encoder = self._models.of(None) if self._encoded else None  # all vectors so far were brought along
            view = make(
                db,
                View(
                    number=0,
                    name=encoder.name if encoder else "vectors",
                    encoder=encoder.name if encoder else None,
                    fingerprint=encoder.fingerprint if encoder else None,
                    kind=encoder.kind if encoder else None,
                    dim=encoder.dim if encoder else dim,
                    dtype=self._dtype,
                    ready=True,
                    is_default=True,
                ),
            )
            if encoder is not None:
                keep(db, encoder)
        elif self._view is not None and view.number != self._view.number:
            raise EncoderMismatch("the space was re-encoded while things were added; run the same add again")
        elif self._view is None:  # made by another process since this add began
            self._models.check(view)
        if view.dim != dim:
            raise BadInput(f"vectors of {dim} dimensions given; this space holds {view.dim}")
        self._view = view
        return view
