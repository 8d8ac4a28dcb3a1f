"""Vectors from an endpoint that speaks like OpenAI's: OpenAI itself, Ollama, vLLM, llama.cpp, LM Studio and others.

The texts leave this process, and with most services the machine. The endpoint is in OPENAI_BASE_URL (by default
https://api.openai.com/v1; http://localhost:11434/v1 for Ollama), its key in OPENAI_API_KEY. One request is
`POST {base}/embeddings` (platform.openai.com/docs/api-reference/embeddings).

The fingerprint is of the model's name, the dimension, the address and the prefixes, as the weights are out of reach: if
the service changes the model behind the name, the vectors of a space go stale unnoticed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from knnife.encoders import network
from knnife.encoders.protocol import Prefixes, check_texts
from knnife.errors import BadInput, KnnifeError, NotFound, Offline
from knnife.geometry import Vectors

TEXTS: Final = 256  # in one request at most; OpenAI takes 2048, smaller servers fewer
CHARACTERS: Final = 100_000  # in one request, unless a single text is longer: OpenAI takes 300,000 tokens
TIMEOUT: Final = 120.0  # seconds: a server on a laptop takes its time over a full request


class OpenAIEncoder:
    """Encodes texts by asking an endpoint. Safe to use from several threads at once.

    A text of nothing but white space is not sent, as services refuse it: its vector is zero.
    """

    kind = "text"

    def __init__(
        self,
        model: str,
        *,
        url: str = network.OPENAI,
        key: str = "",
        dimensions: int | None = None,
        query_prefix: str = "",
        passage_prefix: str = "",
    ) -> None:
        """The model `model` of the endpoint at `url`. Without `dimensions` one word is sent, to see how many it has.

        dimensions: asks for shorter vectors, which not every model can make. The prefixes are put before the texts.
        Raises Offline, NotFound or BadInput as `encode` does.
        """
        self.name = f"openai:{model}" + ("" if dimensions is None else f"@{dimensions}")
        self.query_prefix, self.passage_prefix = query_prefix, passage_prefix
        self._model, self._key, self._dimensions = model, key.strip(), dimensions
        self._url = f"{url.rstrip('/')}/embeddings"
        self.dim = dimensions if dimensions is not None else len(self._ask(["dimension"])[0])
        identity = [model, self.dim, network.plain(url.rstrip("/")), query_prefix, passage_prefix]
        self.fingerprint = hashlib.blake2b(json.dumps(["openai", *identity]).encode(), digest_size=16).hexdigest()

    @classmethod
    def named(cls, name: str, prefixes: Prefixes | None = None) -> OpenAIEncoder:
        """The encoder for "model" or "model@dimensions", where the environment says how to reach it.

        Servers of open models mostly name them as the hub does, "intfloat/e5-small-v2", and put no prefixes on.
        """
        found = re.fullmatch(r"(?P<model>\S+?)(?:@(?P<dimensions>[1-9]\d{0,5}))?", name)
        if found is None:
            raise BadInput(f"'openai:{name}' names no model: expected openai:MODEL or openai:MODEL@DIMENSIONS")
        url, key = network.endpoint(), os.environ.get("OPENAI_API_KEY") or ""
        if url == network.OPENAI and not key.strip():
            raise BadInput(
                f"openai:{name} needs a key of OpenAI in OPENAI_API_KEY, or another endpoint in OPENAI_BASE_URL "
                "(Ollama's is http://localhost:11434/v1)"
            )
        model, dimensions = found["model"], found["dimensions"]
        return cls(
            model,
            url=url,
            key=key,
            dimensions=int(dimensions) if dimensions else None,
            query_prefix=prefixes.query_prefix if prefixes else "",
            passage_prefix=prefixes.passage_prefix if prefixes else "",
        )

    def encode(self, values: Sequence[str]) -> Vectors:
        """The vectors of passages, float32 `(n, dim)`, as long as the endpoint makes them.

        Raises BadInput when a value is not a text, or the endpoint refuses or answers nonsense; NotFound when it has
        no such model; Offline when it cannot be reached, the network is switched off, or it stays too busy.
        """
        return self._encode(values, self.passage_prefix)

    def encode_query(self, values: Sequence[str]) -> Vectors:
        """The vectors of queries: as `encode`, with the prefix of queries."""
        return self._encode(values, self.query_prefix)

    def _encode(self, values: Sequence[str], prefix: str) -> Vectors:
        check_texts(values, self.name)
        vectors = np.zeros((len(values), self.dim), np.float32)
        for numbers in _batches(values):
            texts = [prefix + values[i].encode("utf-8", "replace").decode() for i in numbers]  # no half surrogates
            made = self._ask(texts)
            if made.shape[1] != self.dim:
                raise self._nonsense(f"vectors of {made.shape[1]} dimensions instead of {self.dim}")
            vectors[numbers] = made
        return vectors

    def _ask(self, texts: list[str]) -> Vectors:
        """The vectors of at most one request, in the order of `texts`."""
        body: dict[str, Any] = {"model": self._model, "input": texts}
        if self._dimensions is not None:
            body["dimensions"] = self._dimensions
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {self._key}"} if self._key else {})

        def post() -> bytes:
            with network.request(self._url, headers=headers, data=json.dumps(body).encode(), timeout=TIMEOUT) as answer:
                return answer.read()

        try:
            answered = network.patiently(post)
        except network.Refusal as refusal:
            raise self._refused(refusal, texts) from None  # whose text may show what was sent
        try:
            made = {int(item["index"]): _numbers(item["embedding"]) for item in json.loads(answered)["data"]}
            vectors = np.array([made[i] for i in sorted(made)], np.float32)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise self._nonsense(f"{answered[:80]!r} ({error!r})") from error
        if sorted(made) != list(range(len(texts))):
            raise self._nonsense(f"{len(made)} vectors for {len(texts)} texts")
        if vectors.ndim != 2 or not vectors.shape[1] or not np.isfinite(vectors).all():
            raise self._nonsense(f"something else than vectors of finite numbers, of shape {vectors.shape}")
        return vectors

    def _nonsense(self, what: str) -> BadInput:
        return BadInput(f"{network.plain(self._url)} answered {self._model!r} with {what}: is that a model of vectors?")

    def _refused(self, refusal: network.Refusal, texts: list[str]) -> KnnifeError:
        """What an answer that is an error means. The key is in no message."""
        place, said = network.plain(self._url), _message(refusal.body)
        if self._key:
            said = said.replace(self._key, "…")
        if refusal.status in (401, 403):
            return BadInput(f"{place} does not accept the key in OPENAI_API_KEY: {said}")
        if refusal.status == 404:
            return NotFound(f"{place} has no model {self._model!r}, or is no such endpoint: {said}")
        if refusal.status in network.PASSING:
            return Offline(f"{place} is too busy or broken (HTTP status {refusal.status}), try again later: {said}")
        longest = max(map(len, texts))
        return BadInput(
            f"{place} refuses {len(texts)} texts, the longest of {longest:,} characters "
            f"(HTTP status {refusal.status}): {said}"
        )


def _batches(texts: Sequence[str]) -> Iterator[list[int]]:
    """The numbers of the texts that are not blank, as many at a time as go into one request."""
    batch: list[int] = []
    size = 0
    for i, text in enumerate(texts):
        if not text.strip():
            continue
        if batch and (len(batch) == TEXTS or size + len(text) > CHARACTERS):
            yield batch
            batch, size = [], 0
        batch.append(i)
        size += len(text)
    if batch:
        yield batch


def _numbers(sent: Any) -> Any:
    """One vector, as a list of numbers or the base64 of its float32 bytes: servers differ in what they send."""
    return np.frombuffer(base64.b64decode(sent), "<f4") if isinstance(sent, str) else sent


def _message(body: bytes) -> str:
    """What a server says about an error: {"error": {"message": …}}, or whatever else it sends, shortened."""
    text = body.decode("utf-8", "replace")
    try:
        error = json.loads(text)["error"]
        text = str(error["message"] if isinstance(error, dict) else error)
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    return " ".join(text.split())[:300] or "no reason given"
