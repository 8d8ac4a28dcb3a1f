"""The only access to the network: every byte that knnife fetches or sends passes through `request`.

No other file imports a networking module (a test checks it), so one switch disables all: with KNNIFE_OFFLINE=1 or
HF_HUB_OFFLINE=1, `request` refuses before it opens a socket. urllib reads the proxies and certificates of the machine
(HTTPS_PROXY, SSL_CERT_FILE).
"""

from __future__ import annotations

import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlsplit

from knnife import __version__
from knnife.errors import BadInput, Offline

SWITCHES: Final = ("KNNIFE_OFFLINE", "HF_HUB_OFFLINE")
OPENAI: Final = "https://api.openai.com/v1"
ATTEMPTS: Final = 5
FIRST_WAIT: Final = 0.5  # seconds before the second attempt; each further wait is twice as long
LONGEST_WAIT: Final = 60.0  # also where a server asks for more
PASSING: Final = frozenset({408, 429, 500, 502, 503, 504})  # what a server says when it may work in a moment
CHUNK: Final = 1 << 20

T = TypeVar("T")


class Refusal(Exception):
    """The server answered, but not with what was requested. The caller says what that means."""

    def __init__(self, url: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.url, self.status, self.headers, self.body = url, status, headers, body
        super().__init__(f"{plain(url)} answered with HTTP status {status}")


class BrokenOff(Offline):
    """The connection was there and ended early; another attempt may fare better."""


@dataclass(frozen=True)
class Answer:
    """What a server sends: the status (2xx), the headers, and the body in pieces of at most `CHUNK` bytes."""

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]

    def read(self) -> bytes:
        """The whole body."""
        return b"".join(self.chunks)


def switched_off() -> str | None:
    """The variable that forbids the network, as it was set; None while it is allowed."""
    for name in SWITCHES:
        if os.environ.get(name, "").strip().lower() in ("1", "true", "yes", "on"):
            return f"{name}={os.environ[name].strip()}"
    return None


def endpoint() -> str:
    """Where the user has vectors made, of encoders called openai:MODEL."""
    return os.environ.get("OPENAI_BASE_URL") or OPENAI


@contextmanager
def request(
    url: str, *, headers: Mapping[str, str] | None = None, data: bytes | None = None, timeout: float = 30.0
) -> Iterator[Answer]:
    """Opens `url`, with POST where there is `data`. `timeout` is for each step, in seconds, not for the whole.

    Raises Offline when the network is switched off or the server out of reach, BrokenOff when the connection ends
    early, Refusal when the server answers with an error, BadInput when `url` is no address.
    """
    switch = switched_off()
    if switch is not None:
        raise Offline(f"{plain(url)} is needed, and {switch} forbids the network: unset that to allow it")
    try:
        host = urlsplit(url).hostname
        asked = urllib.request.Request(url, data, {"User-Agent": f"knnife/{__version__}", **(headers or {})})
    except ValueError:
        host = None
    if not host or asked.type not in ("http", "https") or "@" in asked.host:
        raise BadInput(f"{plain(url)} is no address: expected http://… or https://…, without a name and password in it")
    for name, value in asked.header_items():
        if not (value.isascii() and value.isprintable()):  # said without the value, which may be a key
            raise BadInput(f"what is to be sent as {name} holds a line break or a letter beyond ASCII")
    try:
        response = _OPENER.open(asked, timeout=timeout)
    except urllib.error.HTTPError as error:
        raise Refusal(url, error.code, dict(error.headers or {}), _said(error)) from error
    except urllib.error.URLError as error:
        raise Offline(f"{plain(url)} cannot be reached ({error.reason}): is there a network?") from error
    except (http.client.InvalidURL, ValueError) as error:
        raise BadInput(f"{plain(url)} is no address ({error})") from error
    except (OSError, http.client.HTTPException) as error:
        raise BrokenOff(f"{plain(url)} gave no answer ({error!r}): try again") from error
    with response:
        yield Answer(response.status, dict(response.headers), _chunks(response, url))


def patiently(action: Callable[[], T]) -> T:
    """What `action` returns; it is run up to five times while it fails for reasons that pass, with waits between."""
    for attempt in range(ATTEMPTS):
        wait = FIRST_WAIT * 2**attempt
        try:
            return action()
        except BrokenOff:
            if attempt == ATTEMPTS - 1:
                raise
        except Refusal as refusal:
            if refusal.status not in PASSING or attempt == ATTEMPTS - 1:
                raise
            wait = _retry_after(refusal.headers, wait)
        time.sleep(min(wait, LONGEST_WAIT))
    raise AssertionError("the last attempt returns or raises")


def address(base: str, *steps: str) -> str:
    """`base`, and behind it `steps`, each one step of the path whatever letters are in it."""
    return "/".join([base.rstrip("/"), *(quote(step, safe="") for step in steps)])


def plain(url: str) -> str:
    """The address without what may be secret in it: name and password before the host, and what follows a "?"."""
    try:
        parts = urlsplit(url)
    except ValueError:  # such as a "[" without its "]"
        return "what was given"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _retry_after(headers: Mapping[str, str], usual: float) -> float:
    """The seconds that the server asks to wait; `usual` where it says nothing, or names a date instead."""
    asked = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    try:
        return max(float(asked), 0.0)
    except ValueError:
        return usual


def _said(error: urllib.error.HTTPError) -> bytes:
    """The body of an answer that is an error, as far as it can be had."""
    try:
        with error:
            return error.read(CHUNK)
    except (OSError, http.client.HTTPException):
        return b""


def _chunks(response: http.client.HTTPResponse, url: str) -> Iterator[bytes]:
    """The body; BrokenOff when it ends before the length that was announced."""
    expected, got = response.headers.get("Content-Length"), 0
    try:
        while chunk := response.read(CHUNK):
            got += len(chunk)
            yield chunk
    except (OSError, http.client.HTTPException) as error:
        raise BrokenOff(f"{plain(url)} broke off after {got:,} bytes ({error!r}): try again") from error
    if expected is not None and got < int(expected):
        raise BrokenOff(f"{plain(url)} broke off after {got:,} of {int(expected):,} bytes: try again")


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a server to another place, but takes the key along to no other server, and leaves no encryption."""

    def redirect_request(self, req: urllib.request.Request, *args: Any) -> urllib.request.Request | None:
        new = super().redirect_request(req, *args)
        if new is not None:
            here, there = urlsplit(req.full_url), urlsplit(new.full_url)
            if there.scheme not in ("http", "https") or (here.scheme, there.scheme) == ("https", "http"):
                raise BadInput(f"{plain(req.full_url)} leads to {plain(new.full_url)}, which is not encrypted; refused")
            if (here.scheme, here.netloc) != (there.scheme, there.netloc):
                new.remove_header("Authorization")
        return new


_OPENER: Final = urllib.request.build_opener(_Redirects)
