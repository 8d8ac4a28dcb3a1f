"""What tests of encoders share: a process without a network, and a hub of their own on this machine."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.encoders.serving import Hub, NetworkUsed

from knnife.encoders import network


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on whoever opens a connection fails the test."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise NetworkUsed(f"a connection was opened: {args[1:]}")

    for name in ("connect", "connect_ex", "sendto", "sendmsg"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that serves this test, with an empty cache, no key, and no waits between attempts."""
    for name in ("KNNIFE_OFFLINE", "HF_HUB_OFFLINE", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache" / "hub"))
    monkeypatch.setattr(network, "FIRST_WAIT", 0.0)
    with Hub() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server
