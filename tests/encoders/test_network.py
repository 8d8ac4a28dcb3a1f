"""The one door to the network: what it lets through, what it keeps back, and that there is no other."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import urllib.request

import pytest
from tests.encoders.serving import Server, send

from knnife.encoders import network
from knnife.errors import BadInput, Offline


class Echo(Server):
    """Answers with the path, and what `headers` a test asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.go: dict[str, str] = {}  # path -> where it leads

    def answer(self, request):
        if request.path in self.go:
            send(request, 302, b"", Location=self.go[request.path])
        else:
            send(request, 200, request.path.encode())


@pytest.fixture
def echo(monkeypatch):
    for name in network.SWITCHES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(network, "FIRST_WAIT", 0.0)
    with Echo() as echo:
        yield echo


def get(url: str, **headers: str) -> bytes:
    with network.request(url, headers=headers) as answer:
        return answer.read()


def test_it_fetches_and_says_who_asks(echo):
    assert get(f"{echo.url}/a?b=c") == b"/a?b=c"
    assert echo.seen[0][1]["User-Agent"].startswith("knnife/")


@pytest.mark.parametrize("value", ["1", "true", "YES", " on "])
@pytest.mark.parametrize("name", network.SWITCHES)
def test_the_switch_closes_it_before_a_socket_is_opened(echo, monkeypatch, no_network, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(Offline, match=f"^{echo.url}/a is needed, and {name}={value.strip()} forbids the network"):
        get(f"{echo.url}/a?token=secret")


@pytest.mark.parametrize("value", ["", "0", "no", "false"])
def test_the_switch_has_an_off(echo, monkeypatch, value):
    monkeypatch.setenv("KNNIFE_OFFLINE", value)
    assert get(f"{echo.url}/a") == b"/a"


def test_a_key_is_kept_on_the_way_through_a_server_and_left_at_its_border(echo):
    with Echo() as far:
        echo.go = {"/a": "/b", "/b": f"{far.url}/c"}
        assert get(f"{echo.url}/a", Authorization="Bearer x") == b"/c"
        assert [("Authorization" in headers) for _, headers in echo.seen] == [True, True]
        assert "Authorization" not in far.seen[0][1]


def test_nothing_leads_out_of_encryption_or_to_files(echo):
    asked = urllib.request.Request("https://example.org/a")
    with pytest.raises(BadInput, match=r"https://example.org/a leads to http://example.org/b, which is not encrypted"):
        network._Redirects().redirect_request(asked, None, 302, "", {}, "http://example.org/b")
    echo.go = {"/a": "file:///etc/passwd"}
    with pytest.raises(network.Refusal):
        get(f"{echo.url}/a")


def test_a_server_that_says_nothing_is_left_in_time(echo):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/a"
        with pytest.raises(network.BrokenOff, match="gave no answer"), network.request(url, timeout=0.2):
            pass


def test_a_server_that_hangs_up_is_told_from_one_that_is_not_there(echo):
    with socket.create_server(("127.0.0.1", 0)) as rude:
        threading.Thread(target=lambda: rude.accept()[0].close(), daemon=True).start()
        with pytest.raises(network.BrokenOff):
            get(f"http://127.0.0.1:{rude.getsockname()[1]}/a")
    with pytest.raises(Offline, match="cannot be reached") as caught:
        get("http://127.0.0.1:9/a")
    assert not isinstance(caught.value, network.BrokenOff)


@pytest.mark.parametrize("url", ["http://a b/c", "http://h:port/", "ftp://h/a", "http://[::1/a", "h"])
def test_what_is_no_address_is_refused(url, no_network):
    with pytest.raises(BadInput, match="is no address"):
        get(url)


def test_patience_ends_after_five_attempts():
    attempts = []

    def fail() -> None:
        attempts.append(1)
        raise network.BrokenOff("again")

    with pytest.raises(Offline, match="again"), pytest.MonkeyPatch.context() as patch:
        patch.setattr(network.time, "sleep", lambda seconds: attempts.append(seconds))
        network.patiently(fail)
    assert attempts == [1, 0.5, 1, 1.0, 1, 2.0, 1, 4.0, 1]


def test_what_does_not_pass_is_not_tried_again():
    attempts = []

    def refuse() -> None:
        attempts.append(1)
        raise network.Refusal("http://h/a", 404, {}, b"")

    with pytest.raises(network.Refusal):
        network.patiently(refuse)
    assert attempts == [1]


def test_loading_what_is_here_imports_nothing_that_speaks_to_a_network():
    script = "import sys, knnife; knnife.load_encoder(); print({'http.client', 'urllib.request'} & set(sys.modules))"
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300).stdout == "set()\n"
    )
