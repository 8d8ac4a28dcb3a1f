"""Nothing leaves the machine, and nothing is left on it: not by knnife, and not by the packages that it uses.

A process is cut off, by a name space of the kernel without a network, whose counters tell of every attempt, and by a
layer before the C library, which tells who was looked for. Either suffices where the other cannot be had.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SECONDS = 30  # from the start of the process: the telemetry of onnxruntime 1.32 calls home within four
COUNTERS = """
import runpy, sys
sys.argv = sys.argv[1:]
def attempts():
    lines = [line.split() for line in open("/proc/self/net/snmp")]
    pairs = [(a[0] + name, n) for a, b in zip(lines[::2], lines[1::2]) for name, n in zip(a[1:], b[1:])]
    pairs += [line.split() for line in open("/proc/self/net/snmp6")]
    kinds = ("NoRoutes", "ActiveOpens", "OutDatagrams")
    return {name for name, n in pairs if int(n) and name.endswith(kinds)}
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
if found := attempts():
    sys.exit(f"the kernel counted {sorted(found)}")
"""


def has_namespaces() -> bool:
    unshare = shutil.which("unshare")
    return unshare is not None and not subprocess.run([unshare, "-rn", "true"], capture_output=True).returncode


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """The layer before the C library; None where there is no compiler, or another kind of machine."""
    path = tmp_path_factory.mktemp("layer") / "unconnected.so"
    compiler = shutil.which("cc") if sys.platform == "linux" else None
    if compiler is None:
        return None
    subprocess.run([compiler, "-shared", "-fPIC", "-o", path, ROOT / "tests" / "unconnected.c", "-ldl"], check=True)
    return path


@pytest.fixture(params=["both"])
def cut_off(request: pytest.FixtureRequest, layer: Path | None, tmp_path: Path):
    """Runs a module of Python without a network; gives the finished process, whom it looked for, and what it wrote."""
    kernel, before = request.param != "layer" and has_namespaces(), request.param != "kernel" and layer is not None
    if not kernel and not before:
        pytest.skip("neither name spaces of the kernel (unshare -rn) nor a C compiler here")

    def run(module: str, *args: str) -> tuple[subprocess.CompletedProcess[str], list[str], set[str]]:
        home, attempts = tmp_path / "home", tmp_path / "attempts"
        home.mkdir()
        (tmp_path / "tmp").mkdir()
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "KNNIFE", "ORT_", "HF_"))
        }
        own = {"HOME": str(home), "TMPDIR": str(tmp_path / "tmp"), "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
        command = [sys.executable, "-m", module, *args]
        if kernel:
            command = ["unshare", "-rn", sys.executable, "-c", COUNTERS, module, *args]
        if before:
            own |= {"LD_PRELOAD": str(layer), "ATTEMPTS": str(attempts)}
        done = subprocess.run(command, env=kept | own, capture_output=True, text=True, cwd=tmp_path)
        left = {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}
        return done, attempts.read_text().splitlines() if attempts.exists() else [], left

    return run


def test_every_encoder_and_every_tool_is_silent(cut_off, tmp_path: Path) -> None:
    (tmp_path / "things").mkdir()
    done, attempts, left = cut_off("tests.everything_child", str(tmp_path / "things"), str(SECONDS))
    assert attempts == []
    assert not done.returncode, done.stderr[-2_000:]
    assert {path for path in left if not path.startswith(".cache/knnife/")} == set()


PROBES = {
    "a name": ("getaddrinfo", "import socket\ntry: socket.getaddrinfo('example.org', 80)\nexcept OSError: pass\n"),
    "an address": ("connect", "import socket\ntry: socket.socket().connect(('192.0.2.1', 80))\nexcept OSError: pass\n"),
    "a datagram": (
        "sendto",
        "import socket\n"
        "try: socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 80))\nexcept OSError: pass\n",
    ),
}


@pytest.mark.parametrize("cut_off", ["kernel", "layer"], indirect=True)
@pytest.mark.parametrize("probe", PROBES)
def test_an_attempt_is_noticed(cut_off, tmp_path: Path, probe: str) -> None:
    what, program = PROBES[probe]
    (tmp_path / "probe.py").write_text(program)
    done, attempts, _ = cut_off("probe")
    assert "the kernel counted" in done.stderr or [each.split()[0] for each in attempts] == [what], done.stderr


@pytest.mark.nightly
@pytest.mark.skipif(find_spec("onnxruntime") is None, reason="onnxruntime is not installed")
def test_onnxruntime_by_itself_is_not_silent(cut_off, tmp_path: Path) -> None:
    """Why it has to be switched off. Where this fails there is nothing left to switch off: raise the pin."""
    (tmp_path / "bare.py").write_text("import time, onnxruntime\ntime.sleep(12)\n")
    done, attempts, left = cut_off("bare")
    assert "the kernel counted" in done.stderr or attempts
    assert left
