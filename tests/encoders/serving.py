"""Real servers on this machine for the tests: a Hugging Face hub, and an endpoint that speaks like OpenAI's."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import unquote, urlsplit

import numpy as np

from knnife.encoders.openai import OpenAIEncoder

LARGE = (".safetensors", ".onnx", ".onnx_data", ".bin")  # what the hub keeps in LFS, and serves from another place


class NetworkUsed(BaseException):
    """Somebody opened a connection who must not. Not an Exception, so that no loader can catch it and go on."""


class Server:
    """Runs `answer(request)` for every request, on a port of its own, until the block is left."""

    def __init__(self) -> None:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                owner.seen.append((unquote(urlsplit(self.path).path), dict(self.headers)))
                owner.answer(self)

            def do_POST(self) -> None:
                self.do_GET()

            def do_HEAD(self) -> None:
                self.do_GET()

            def log_message(self, *args: Any) -> None:
                pass

        self.seen: list[tuple[str, dict[str, str]]] = []  # paths and headers of all requests
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        raise NotImplementedError

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.seen]


def send(request: BaseHTTPRequestHandler, status: int, body: bytes, cut: int | None = None, **headers: str) -> None:
    """Sends an answer; with `cut` the connection ends after so many bytes of the body."""
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name.replace("_", "-"), value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(body[:cut])
    if cut is not None:
        request.close_connection = True


class Hub(Server):
    """A hub with one repository, owner/small, and the faults that a test asks for.

    files: its files; tags: what its revisions are called, all of one commit. key: what a client must send, if any.
    cuts: by file, after how many bytes the connection ends, one for each request to come.
    bad: files that arrive with a bit flipped. ranges: whether it can serve part of a file.
    refuse: (status, X-Error-Code) for everything.
    """

    repo, commit = "owner/small", "0123456789abcdef" * 2 + "01234567"

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, bytes] = {}
        self.tags = {"main", "v1", self.commit}
        self.key: str | None = None
        self.cuts: dict[str, list[int]] = {}
        self.bad: set[str] = set()
        self.ranges = True
        self.refuse: tuple[int, str] | None = None
        self.elsewhere = self.url  # where large files lie

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = unquote(urlsplit(request.path).path)
        if self.refuse is not None:
            send(request, self.refuse[0], b"no", X_Error_Code=self.refuse[1])
        elif path.startswith("/far/"):
            self._file(request, path.removeprefix("/far/"))
        elif self.key is not None and request.headers.get("Authorization") != f"Bearer {self.key}":
            send(request, 401, b"{}", X_Error_Code="GatedRepo")
        elif path.startswith(api := f"/api/models/{self.repo}/revision/"):
            self._list(request, path.removeprefix(api))
        elif path.startswith(resolve := f"/{self.repo}/resolve/"):
            name = path.removeprefix(resolve).partition("/")[2]
            told = {"X_Repo_Commit": self.commit, "ETag": f'"{self._digest(name)}"'}
            if name.endswith(LARGE):
                told |= {"X_Linked_Etag": told["ETag"], "X_Linked_Size": str(len(self.files[name]))}
                send(request, 302, b"", **told, Location=f"{self.elsewhere}/far/{name}?signed=secret")
            else:
                self._file(request, name, **told)
        else:
            send(request, 404, b"{}", X_Error_Code="RepoNotFound")

    def _list(self, request: BaseHTTPRequestHandler, revision: str) -> None:
        if revision not in self.tags:
            send(request, 404, b"{}", X_Error_Code="RevisionNotFound")
            return
        siblings: list[dict[str, Any]] = []
        for name, content in self.files.items():
            entry: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": self._digest(name)}
            if name.endswith(LARGE):
                entry |= {"blobId": "0" * 40, "lfs": {"sha256": self._digest(name), "size": len(content)}}
            siblings.append(entry)
        send(request, 200, json.dumps({"id": self.repo, "sha": self.commit, "siblings": siblings}).encode())

    def _digest(self, name: str) -> str:
        content = self.files[name]
        if name.endswith(LARGE):
            return hashlib.sha256(content).hexdigest()
        return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()

    def _file(self, request: BaseHTTPRequestHandler, name: str, **headers: str) -> None:
        content = self.files[name]
        if name in self.bad:
            content = bytes([content[0] ^ 1]) + content[1:]
        cuts = self.cuts.get(name)
        cut = cuts.pop(0) if cuts else None
        asked = request.headers.get("Range")
        if asked and self.ranges:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            where = f"bytes {start}-{len(content) - 1}/{len(content)}"
            send(request, 206, content[start:], cut, Content_Range=where, **headers)
        else:
            send(request, 200, content, cut, **headers)


def vector(text: str, dim: int) -> list[float]:
    """What the server makes of a text: its letters, counted by their numbers modulo `dim`."""
    return np.bincount([ord(letter) % dim for letter in text], minlength=dim).astype(float).tolist()


class Endpoint(Server):
    """Makes vectors; `spoil(answer)` may change what it sends, `failures` are answers that go before."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[dict[str, Any]] = []
        self.failures: list[tuple[int, dict[str, str], bytes]] = []
        self.spoil: Callable[[Any], Any] = lambda answer: answer

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        asked = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        if self.failures:
            status, headers, body = self.failures.pop(0)
            send(request, status, body, **headers)
            return
        self.asked.append(asked)
        dim = asked.get("dimensions", 8)
        data = [{"index": i, "embedding": vector(text, dim)} for i, text in enumerate(asked["input"])]
        body = self.spoil({"object": "list", "data": data, "model": asked["model"]})
        send(request, 200, body if isinstance(body, bytes) else json.dumps(body).encode())


def endpoint_encoder() -> OpenAIEncoder:
    """An encoder whose endpoint serves for as long as the tests run."""
    return OpenAIEncoder("letters", url=_forever().url, dimensions=8)


@cache
def _forever() -> Endpoint:
    return Endpoint().__enter__()
