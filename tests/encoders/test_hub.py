"""Models of the hub: against a server on this machine that speaks as the hub does, and the hub's own package."""

from __future__ import annotations

import errno
import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from tests.encoders.serving import Hub, NetworkUsed

from knnife.encoders import formats, hub, load_encoder, model_folders
from knnife.encoders.static import StaticEncoder
from knnife.errors import BadInput, DiskFull, MissingPackage, NotFound, Offline, ReadOnly

NAME = f"hf:{Hub.repo}"
NETWORK = {"config.json": b'{"model_type": "bert"}', "tokenizer.json": b"{}", "README.md": b"# hello"}
WORDS = ["[UNK]", "red", "blue", "car"]


@pytest.fixture
def static(tmp_path) -> dict[str, bytes]:
    """The files of a static model, beside others that nobody needs."""
    tokenizer = {
        "version": "1.0",
        "added_tokens": [],
        "pre_tokenizer": {"type": "Whitespace"},
        "model": {"type": "WordLevel", "vocab": {w: i for i, w in enumerate(WORDS)}, "unk_token": "[UNK]"},
    }
    rows = np.random.default_rng(0).normal(size=(4, 300)).astype(np.float32)
    config = {"normalize": True, "model_type": "model2vec"}
    StaticEncoder(rows, json.dumps(tokenizer).encode(), config=config).save(tmp_path / "made")
    files = {path.name: path.read_bytes() for path in (tmp_path / "made").iterdir()}
    return files | {"README.md": b"# hello", "onnx/model.onnx": b"graph", "pytorch_model.bin": b"pickle"}


@pytest.fixture
def installed(monkeypatch):
    """Says which packages are to be taken for installed."""

    def say(*packages: str) -> None:
        monkeypatch.setattr(formats, "find_spec", lambda name: name in packages or None)

    return say


def names(folder) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_static_model_is_fetched_in_three_files_and_loads(hub, static, tmp_path):
    hub.files = static
    encoder = load_encoder(NAME, download=True)
    assert encoder.name == NAME
    assert encoder.fingerprint == StaticEncoder.load(tmp_path / "made").fingerprint
    np.testing.assert_array_equal(encoder.encode(["red"]), StaticEncoder.load(tmp_path / "made").encode(["red"]))
    fetched = {path.rpartition("/")[2] for path in hub.paths if "resolve" in path}
    assert fetched == {"config.json", "tokenizer.json", "model.safetensors"}


def test_what_is_cached_needs_no_network(hub, static, no_network_after):
    hub.files = static
    first = load_encoder(NAME, download=True)
    no_network_after()
    for download in (False, True):
        assert load_encoder(NAME, download=download).fingerprint == first.fingerprint
    with pytest.raises(NetworkUsed):
        load_encoder(f"{NAME}@v1", download=True)


@pytest.fixture
def no_network_after(request):
    return lambda: request.getfixturevalue("no_network")


def test_what_is_not_cached_names_the_command_and_opens_no_connection(hub, no_network):
    with pytest.raises(NotFound, match=f"{NAME} is not in the cache .*: .*knnife models get {NAME}$"):
        load_encoder(NAME)
    assert hub.seen == []


def test_the_cache_is_that_of_the_hubs_own_package(hub, static, tmp_path, monkeypatch):
    package = pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")
    hub.files = static
    cache = tmp_path / "cache" / "hub"
    ours = load_encoder(NAME, download=True)
    seen = package.snapshot_download(Hub.repo, cache_dir=cache, local_files_only=True)
    assert StaticEncoder.load(seen).fingerprint == ours.fingerprint
    blobs = names(cache / "models--owner--small" / "blobs")
    shutil.rmtree(cache)
    with Hub() as far:
        far.files, hub.elsewhere = static, far.url
        for file in formats.STATIC:
            package.hf_hub_download(Hub.repo, file, cache_dir=cache, endpoint=hub.url, token=False)
    assert load_encoder(NAME).fingerprint == ours.fingerprint
    assert names(cache / "models--owner--small" / "blobs") == blobs


def test_a_download_that_breaks_off_goes_on_by_itself(hub, static):
    hub.files, hub.cuts = static, {"model.safetensors": [1000, 500]}
    load_encoder(NAME, download=True)
    ranges = [headers.get("Range") for path, headers in hub.seen if path == "/far/model.safetensors"]
    assert ranges == [None, "bytes=1000-", "bytes=1500-"]


def test_an_interrupted_download_goes_on_in_the_next_run(hub, static):
    hub.files = static
    told = []

    def impatient(done, fraction):
        told.append((done, fraction))
        if fraction is not None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_encoder(NAME, download=True, progress=impatient)
    with pytest.raises(NotFound, match="knnife models get"):
        load_encoder(NAME)
    hub.seen.clear()
    load_encoder(NAME, download=True)
    assert [path for path in hub.paths if "resolve" in path and "config" in path] == []


def test_a_server_that_keeps_breaking_off_is_an_error_and_what_came_is_kept(hub, static):
    hub.files, hub.cuts = static, {"model.safetensors": [100] * 5}
    with pytest.raises(Offline, match=r"/far/model.safetensors broke off|resolve.*broke off"):
        load_encoder(NAME, download=True)
    hub.seen.clear()
    load_encoder(NAME, download=True)
    assert [headers.get("Range") for path, headers in hub.seen if path.startswith("/far")] == ["bytes=500-"]


def test_a_server_that_cannot_serve_parts_sends_all_of_it_again(hub, static):
    hub.files, hub.cuts, hub.ranges = static, {"model.safetensors": [1000]}, False
    assert load_encoder(NAME, download=True).dim == 300


@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json"])
def test_bytes_that_are_not_those_announced_are_refused_and_deleted(hub, static, file, tmp_path):
    hub.files, hub.bad = static, {file}
    with pytest.raises(BadInput, match=rf"{NAME}: what arrived as {file} does not have the hash"):
        load_encoder(NAME, download=True)
    assert not any(name.endswith((file, ".incomplete")) for name in names(tmp_path / "cache"))
    hub.bad = set()
    load_encoder(NAME, download=True)


def test_a_half_file_that_was_damaged_on_the_disk_is_found(hub, static, tmp_path):
    hub.files, hub.cuts = static, {"model.safetensors": [1000] * 4 + [0]}
    with pytest.raises(Offline):
        load_encoder(NAME, download=True)
    (part,) = (tmp_path / "cache").rglob("*.incomplete")
    part.write_bytes(b"x" * 1000)
    with pytest.raises(BadInput, match="does not have the hash"):
        load_encoder(NAME, download=True)
    part.write_bytes(b"x" * 100_000)  # longer than the whole
    load_encoder(NAME, download=True)


def test_progress_rises_to_the_whole(hub, static):
    hub.files = static
    told = []
    load_encoder(NAME, download=True, progress=lambda done, fraction: told.append((done, fraction)))
    assert told == sorted(told, key=lambda step: step[0])
    assert told[-1] == (sum(len(static[name]) for name in formats.STATIC), 1.0)


def test_what_another_tool_has_fetched_in_part_is_completed(hub, static):
    hub.files = static
    load_encoder(NAME, download=True)
    (hub_folder(NAME) / "tokenizer.json").unlink()
    with pytest.raises(NotFound, match="is only in part in the cache .*knnife models get"):
        load_encoder(NAME)
    assert load_encoder(NAME, download=True).dim == 300


@pytest.mark.parametrize("switch", ["KNNIFE_OFFLINE", "HF_HUB_OFFLINE"])
def test_the_offline_switch_forbids_even_what_was_asked_for(hub, static, monkeypatch, no_network, switch):
    hub.files = static
    monkeypatch.setenv(switch, "1")
    with pytest.raises(Offline, match=f"{switch}=1 forbids the network"):
        load_encoder(NAME, download=True)
    assert hub.seen == []


def test_several_at_once_fetch_it_once(hub, static):
    hub.files = static
    with ThreadPoolExecutor(4) as pool:
        encoders = list(pool.map(lambda _: load_encoder(NAME, download=True), range(4)))
    assert len({encoder.fingerprint for encoder in encoders}) == 1
    assert hub.paths.count("/far/model.safetensors") == 1


def test_revisions_are_kept_apart_by_name_and_commit(hub, static):
    hub.files = static
    for revision in ("v1", hub.commit):
        name = f"{NAME}@{revision}"
        assert load_encoder(name, download=True).name == name
    assert load_encoder(f"{NAME}@{hub.commit}")
    with pytest.raises(NotFound, match="has no revision 'v2'"):
        load_encoder(f"{NAME}@v2", download=True)
    with pytest.raises(NotFound, match="models get"):
        load_encoder(NAME)


@pytest.mark.parametrize(
    "name", ["hf:", "hf:small", "hf:a/b/c", "hf:../x", "hf:a/..", "hf:a/b@../../x", "hf:a/b@", "hf:a b/c"]
)
def test_what_is_no_name_of_a_model_is_refused(name, no_network):
    with pytest.raises(BadInput, match="expected hf:owner/name or hf:owner/name@revision"):
        load_encoder(name, download=True)


def test_a_repository_of_pickles_is_refused_before_they_are_fetched(hub):
    hub.files = NETWORK | {"pytorch_model.bin": b"pickle"}
    with pytest.raises(BadInput, match=r"hf:owner/small has weights only as a pickle \(pytorch_model.bin\)"):
        load_encoder(NAME, download=True)
    assert not any("pytorch_model" in path for path in hub.paths)


@pytest.mark.parametrize(
    ("packages", "weights"),
    [
        (["onnxruntime"], {"onnx/model.onnx", "onnx/model.onnx_data"}),
        (["onnxruntime", "sentence_transformers"], {"onnx/model.onnx", "onnx/model.onnx_data"}),
        (["sentence_transformers"], {"model.safetensors"}),
    ],
)
def test_the_weights_are_those_that_can_be_read_here(hub, installed, packages, weights):
    more = ["onnx/model.onnx", "onnx/model.onnx_data", "onnx/model_O1.onnx", "onnx/model_quantized.onnx"]
    more += ["model.safetensors", "openvino/model.safetensors", "pytorch_model.bin", "1_Pooling/config.json"]
    pooling = {"1_Pooling/config.json": b"{}", "modules.json": b'[{"type": "x.Pooling", "path": "1_Pooling"}]'}
    hub.files = NETWORK | dict.fromkeys(more, b"weights") | pooling
    installed(*packages)
    folder = hub_folder(NAME)
    assert names(folder) == {"config.json", "tokenizer.json", "modules.json", "1_Pooling/config.json"} | weights


def hub_folder(name):
    return model_folders.hub_folder(name, download=True)


def test_steps_that_onnx_files_lack_make_it_the_safetensors(hub, installed):
    dense = [{"type": "x.Transformer", "path": ""}, {"type": "x.Dense", "path": "2_Dense"}]
    hub.files = NETWORK | {"modules.json": json.dumps(dense).encode(), "onnx/model.onnx": b"graph"}
    hub.files |= {"model.safetensors": b"a", "2_Dense/model.safetensors": b"b", "2_Dense/config.json": b"{}"}
    installed("onnxruntime", "sentence_transformers")
    assert {"model.safetensors", "2_Dense/model.safetensors"} <= names(hub_folder(NAME))


@pytest.mark.parametrize(
    ("weights", "extra"), [("model.safetensors", "sentence-transformers"), ("onnx/model.onnx", "onnx")]
)
def test_what_nobody_here_could_read_is_not_fetched(hub, installed, weights, extra):
    hub.files = NETWORK | {weights: b"weights"}
    installed()
    with pytest.raises(MissingPackage, match=rf'the model {NAME} needs .*pip install "knnife\[{extra}\]"'):
        load_encoder(NAME, download=True)
    assert not any(weights in path for path in hub.paths)


@pytest.mark.parametrize(
    ("refuse", "kind", "why"),
    [
        ((401, "RepoNotFound"), NotFound, "owner/small is not there, or is private"),
        ((404, "RepoNotFound"), NotFound, "owner/small is not there, or is private"),
        ((401, "GatedRepo"), BadInput, "given out on conditions: accept them"),
        ((403, ""), BadInput, "given out on conditions: accept them"),
        ((503, ""), Offline, "HTTP status 503: try again later"),
        ((429, ""), Offline, "HTTP status 429: try again later"),
    ],
)
def test_an_answer_of_the_hub_that_is_an_error_is_one_clear_error(hub, refuse, kind, why):
    hub.refuse = refuse
    with pytest.raises(kind, match=why):
        load_encoder(NAME, download=True)


def test_no_network_and_no_hub_are_one_clear_error_each(hub, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(Offline, match=r"127.0.0.1:9/api/models/owner/small/revision/main cannot be reached"):
        load_encoder(NAME, download=True)
    monkeypatch.setenv("HF_ENDPOINT", f"{hub.url}/far")
    hub.files = {f"api/models/{Hub.repo}/revision/main": b"<html>"}
    with pytest.raises(BadInput, match="did not answer as the hub does .*HF_ENDPOINT"):
        load_encoder(NAME, download=True)


def test_the_key_goes_to_the_hub_and_to_no_other_server(hub, static, monkeypatch):
    hub.files, hub.key = static, "hf_secret"
    with pytest.raises(BadInput, match="given out on conditions"):
        load_encoder(NAME, download=True)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with Hub() as far:
        far.files, hub.elsewhere = static, far.url
        load_encoder(NAME, download=True)
        assert far.paths == ["/far/model.safetensors"]
        assert "Authorization" not in far.seen[0][1]


@pytest.mark.parametrize("name", ["../evil.json", "/etc/evil.json", "a\\evil.json", "C:evil.json"])
def test_a_hub_that_names_files_outside_the_folder_is_refused(hub, name):
    hub.files = {"config.json": b"{}", name: b"{}"}
    with pytest.raises(BadInput, match="did not answer as the hub does"):
        load_encoder(NAME, download=True)


def test_a_full_disk_is_one_clear_error(hub, static, monkeypatch):
    hub.files = static

    def full(done, fraction):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DiskFull, match="No space left on device.*HF_HUB_CACHE"):
        load_encoder(NAME, download=True, progress=full)
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=10))
    with pytest.raises(DiskFull, match=r"needs .* MB, and .* has room for 0"):
        load_encoder(NAME, download=True)


def test_a_cache_that_cannot_be_written_is_one_clear_error(hub, static, tmp_path, monkeypatch):
    hub.files = static
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(ReadOnly, match="Not a directory.*HF_HUB_CACHE"):
        load_encoder(NAME, download=True)


@pytest.mark.parametrize(
    ("variables", "place"),
    [
        ({}, "~/.cache/huggingface/hub"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/huggingface/hub"),
        ({"XDG_CACHE_HOME": "/x", "HF_HOME": "~/h"}, "~/h/hub"),
        ({"HF_HOME": "/h", "HF_HUB_CACHE": "/c"}, "/c"),
    ],
)
def test_the_cache_lies_where_the_hubs_rules_put_it(monkeypatch, variables, place):
    from pathlib import Path

    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert hub.cache() == Path(place).expanduser()
