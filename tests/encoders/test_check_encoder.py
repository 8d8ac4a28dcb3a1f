"""Each guarantee of an encoder, broken by one: `knnife.testing.check_encoder` says so in words."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from tests.encoders.packages import PAGE, install, points, python
from tests.toys import Letters

from knnife import BadInput
from knnife.encoders.protocol import Tokens
from knnife.errors import BadPictures
from knnife.testing import check_encoder

COUNTS = itertools.count()
VALUES = ["abc", "bad", "face", "hedge"]


class Sound(Letters):
    """One that keeps all."""


class OfOneValue(Sound):
    def encode(self, values):
        return np.ones((len(values), self.dim), np.float32)


class OfLists(Sound):
    def encode(self, values):
        return super().encode(values).tolist()


class OfDoubles(Sound):
    def encode(self, values):
        return super().encode(values).astype(np.float64)


class OfAnotherWidth(Sound):
    def encode(self, values):
        return super().encode(values)[:, :5]


class WithNaN(Sound):
    def encode(self, values):
        vectors = super().encode(values)
        vectors[:1] = np.nan
        return vectors


class WithoutEmpty(Sound):
    def encode(self, values):
        return np.stack([super(WithoutEmpty, self).encode([value])[0] for value in values])


class OfItsCompany(Sound):
    def encode(self, values):
        return super().encode(values) + np.float32(len(values))


class OfItsPlace(Sound):
    def encode(self, values):
        vectors = super().encode(values)
        return vectors[np.argsort(values, kind="stable")] if len(values) else vectors


class Alternating(Sound):
    def encode(self, values):
        return super().encode(values) * np.float32(1 + 1e-6 * (next(COUNTS) % 2))


class OfListsOnly(Sound):
    def encode(self, values):
        return super().encode([*values, *([] if isinstance(values, list) else ["more"])])


class Sorting(Sound):
    def encode(self, values):
        vectors = super().encode(values)
        if isinstance(values, list):
            values.sort(reverse=True)
        return vectors


class OfOneThread(Sound):
    def encode(self, values):
        wrong = threading.current_thread() is not threading.main_thread()
        return super().encode(values) + np.float32(wrong)


class WithShortQueries(Sound):
    def encode_query(self, values):
        return super().encode(values)[:, :3]


class WithTexts(Sound):
    def encode_text(self, values):
        return super().encode(values)[:1]


class WithTokens(Sound):
    def tokens(self, values):
        count = np.zeros(len(values), np.int64)
        return Tokens(count, count, np.zeros(1, np.int64))


class Raising(Sound):
    def encode(self, values):
        raise RuntimeError("out of order")


class Pictures(Sound):
    """Bytes of pictures; those that begin with "these" are broken, which it says by its way."""

    kind = "image"

    def encode(self, values: Sequence[Any]) -> np.ndarray:
        self.refuse([place for place, value in enumerate(values) if value.startswith(b"these")], len(values))
        return super().encode([value.decode() for value in values])

    def refuse(self, broken: list[int], count: int) -> None:
        if broken:
            raise BadPictures(dict.fromkeys(broken, "no picture"), count)


class Silent(Pictures):
    def refuse(self, broken, count):
        pass


class Misplacing(Pictures):
    def refuse(self, broken, count):
        if broken:
            raise BadPictures({0: "no picture"}, count)


class Crashing(Pictures):
    def refuse(self, broken, count):
        if broken:
            raise OSError("no picture")


def with_names(**names: Any) -> Any:
    """A sound one, but for these attributes."""
    made = Sound()
    made.__dict__.update(names)
    return made


@pytest.mark.parametrize(
    ("encoder", "said"),
    [
        (Sound, "it is the class Sound; expected an encoder: call it"),
        (with_names(name=""), "name is ''; expected a text that is not empty"),
        (with_names(kind=None), "kind is None; expected a text"),
        (with_names(fingerprint=b"1"), "fingerprint is b'1'; expected a text"),
        (with_names(dim="8"), "dim is '8'; expected the number of components of a vector, 1 or more"),
        (with_names(encode=None), "it has no method encode(values)"),
        (Raising(), "encode raised RuntimeError: out of order for 4 values"),
        (OfLists(), "encode(values) gave list; expected an array of NumPy"),
        (OfDoubles(), "encode(values) gave float64; expected float32"),
        (OfAnotherWidth(), "gave an array of shape (4, 5); expected (4, 8): a row for each value"),
        (WithNaN(), "encode(values) gave NaN or infinity; expected finite numbers"),
        (WithoutEmpty(), "Nothing to encode: raised ValueError"),
        (OfOneValue(), "4 different values have the same vector; expected different ones"),
        (OfItsCompany(), "values encoded one by one have components that differ by up to 3; expected the vectors"),
        (OfItsPlace(), "values encoded in the opposite order have components that differ"),
        (Alternating(), "the same values encoded twice have other vectors; expected the same to the last bit"),
        (OfListsOnly(), "values in a tuple have shape (5, 8) instead of (4, 8); expected what a list"),
        (Sorting(), "encode changed the list that it was given"),
        (OfOneThread(), "by 4 threads at once have components that differ by up to 1; expected what one thread makes"),
        (WithShortQueries(), "encode_query(values) gave an array of shape (4, 3); expected (4, 8)"),
        (WithTexts(), "encode_text(texts) gave an array of shape (1, 8); expected (2, 8)"),
        (WithTokens(), "tokens(values).cut is ndarray; expected int64, a number for each value"),
        (with_names(tokens=lambda values: 3), "tokens(values).read is NoneType; expected int64"),
        (with_names(metric="near"), "metric is 'near'; expected one of cosine, dot"),
        (with_names(parts={"a": slice(4, 9)}), "parts['a'] is slice(4, 9, None); expected a slice of the 8 components"),
        (with_names(form="glass", to_bytes=lambda: b""), "bytes: raised BadInput: the encoder letters"),
        (with_names(form="rows", to_bytes=lambda: b""), "bytes: raised BadInput: this is no encoder of rows"),
    ],
)
def test_a_broken_guarantee_is_said_in_words(encoder: Any, said: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(said)) as caught:
        check_encoder(encoder, VALUES)
    assert re.search(r"breaks \d+ of the guarantees", str(caught.value))


@pytest.mark.parametrize(
    ("encoder", "said"),
    [
        (Silent(), "a broken file among others raised nothing; expected knnife.errors.BadPictures, which says which"),
        (Misplacing(), "in place 1 has the faults {0: 'no picture'}; expected {1: why}"),
        (Crashing(), "A file that is broken: raised OSError: no picture"),
    ],
)
def test_a_broken_file_has_to_be_named(encoder: Any, said: str) -> None:
    values = [value.encode() for value in VALUES]
    check_encoder(Pictures(), values)
    with pytest.raises(AssertionError, match=re.escape(said)):
        check_encoder(encoder, values)


def test_a_fingerprint_is_that_of_the_vectors() -> None:
    check_encoder(Sound(), again=Sound)
    with pytest.raises(AssertionError, match="the same encoder made anew has another fingerprint"):
        check_encoder(Sound(), again=lambda: Sound(str(next(COUNTS) + 5)))


def test_all_that_is_broken_is_said_at_once() -> None:
    with pytest.raises(AssertionError, match="breaks 3 of") as caught:
        check_encoder(with_names(name="", dim=0, kind=7))
    assert str(caught.value).count("\n- ") == 3
    assert "test_check_encoder.Sound breaks" in str(caught.value)


def test_without_values_texts_are_encoded_and_nothing_else() -> None:
    check_encoder(Sound())
    with pytest.raises(BadInput, match="takes image: give check_encoder two different values of that kind"):
        check_encoder(Pictures())


def test_it_needs_no_pytest() -> None:
    code = "import sys, knnife.testing; sys.exit('pytest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_trained_encoder_of_the_page_keeps_all(tmp_path: Any) -> None:
    blocks = [text for _, text in re.findall(r"^```(\w*)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)]
    code, check = (next(code for code in blocks if word in code) for word in ("from_bytes", "check_encoder"))
    install(tmp_path, "crystal-vectors", points("knnife.forms"), {"crystal_vectors.py": code})
    python(tmp_path, check)
    python(tmp_path, check + "\ntest_crystals()\n")
