"""The sentence model on processors that this machine has not: as a program of its own, emulated by QEMU.

apt install qemu-user gcc-aarch64-linux-gnu
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sysconfig
from pathlib import Path

import numpy as np
import pytest
from tests.encoders.small_networks import small_network

from knnife.encoders._minilm.weights import Sizes

pytestmark = pytest.mark.skipif(platform.system() != "Linux", reason="QEMU runs programs of Linux")
HARNESS = Path(__file__).parent / "minilm_harness.c"
FLAGS = ["-O1", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", "-DPy_LIMITED_API=0x030B0000"]
UNRESOLVED = ["-Wl,--unresolved-symbols=ignore-all"]  # what the module takes from the interpreter, which is not called


def needed(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


def build(compiler: str, target: Path, *flags: str, static: bool = True) -> Path:
    needed(compiler)
    include = sysconfig.get_path("include")
    if not Path(include, "Python.h").exists():
        pytest.skip("no headers of Python")
    alone = ["-static"] if static else []
    command = [compiler, *FLAGS, *alone, *flags, f"-I{include}", "-o", str(target), str(HARNESS), "-lm", *UNRESOLVED]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return target


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if platform.machine() != "x86_64":
        pytest.skip("another kind of processor")
    return build("gcc", tmp_path_factory.mktemp("here") / "harness")


@pytest.fixture(scope="module")
def arm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("aarch64-linux-gnu-gcc", tmp_path_factory.mktemp("arm") / "harness")


def gives_the_same_bits(command: list[str], path: str, folder: Path) -> None:
    """On some small networks, each of another shape."""
    for seed, (width, inner) in enumerate([(32, 32), (64, 256), (96, 96), (160, 64)]):
        net = small_network(folder, Sizes(50, 40, 2, width, inner), seed)
        sizes = [1, 5, 40, 7, 16, 17, 31, 32]
        ids = np.random.default_rng(seed).integers(0, 50, sum(sizes)).astype(np.int32)
        starts = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
        ids.tofile(folder / "ids")
        starts.tofile(folder / "starts")
        files = [folder / "weights.bin", folder / "ids", folder / "starts"]
        subprocess.run([*command, *files, path, folder / "vectors"], check=True)
        assert (folder / "vectors").read_bytes() == net.encode(ids, starts, path="twin").tobytes()


def finds(*command: str) -> list[str]:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


@pytest.mark.parametrize("path", ["NEON", "plain"])
def test_arm_gives_the_same_bits(path, arm, tmp_path):
    needed("qemu-aarch64")
    gives_the_same_bits(["qemu-aarch64", "-cpu", "max", str(arm)], path, tmp_path)


def test_arm_without_dot_products_is_told_apart(arm):
    needed("qemu-aarch64")
    assert finds("qemu-aarch64", "-cpu", "max", str(arm)) == ["NEON", "plain"]
    assert finds("qemu-aarch64", "-cpu", "cortex-a72", str(arm)) == ["plain"]


def test_intel_with_avx2_and_with_nothing_is_told_apart(here, tmp_path):
    needed("qemu-x86_64")
    assert finds("qemu-x86_64", "-cpu", "Haswell", str(here)) == ["AVX2", "plain"]
    assert finds("qemu-x86_64", "-cpu", "Nehalem", str(here)) == ["plain"]
    gives_the_same_bits(["qemu-x86_64", "-cpu", "Haswell", str(here)], "AVX2", tmp_path)


def test_avx_vnni_gives_the_same_bits(here, tmp_path):
    """Its instructions are those of AVX-512 in another encoding, so where this machine has these, they are run."""
    if "AVX-512 VNNI" not in finds(str(here)):
        pytest.skip("this processor has neither")
    gives_the_same_bits([str(build("gcc", tmp_path / "harness", '-DVEX=""'))], "AVX-VNNI", tmp_path)


@pytest.mark.nightly
def test_no_array_is_left(tmp_path, monkeypatch):
    """Under the sanitizers: nothing outside of an array is read or written, and no number overflows, by any path."""
    needed("nm")
    monkeypatch.setenv("ASAN_OPTIONS", "detect_leaks=0")  # the program ends without tidying up
    flags = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    part = build("gcc", tmp_path / "harness.o", "-c", *flags, static=False)
    symbols = [line.split()[-1] for line in finds("nm", "-u", str(part)) if "Py" in line]
    (tmp_path / "stubs.c").write_text("".join(f"void {symbol}(void) {{}}\n" for symbol in symbols))
    program = tmp_path / "harness"
    subprocess.run(["gcc", *flags, "-o", program, part, tmp_path / "stubs.c", "-lm"], check=True)
    for path in finds(str(program)):
        gives_the_same_bits([str(program)], path, tmp_path)
