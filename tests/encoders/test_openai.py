"""OpenAIEncoder against a server on this machine that speaks as such endpoints do."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from tests.encoders.serving import Endpoint, NetworkUsed, vector

from knnife import Space
from knnife.encoders import encode_query, load_encoder, network, openai
from knnife.encoders.openai import OpenAIEncoder
from knnife.errors import BadInput, NotFound, Offline

KEY = "sk-secret"


@pytest.fixture
def endpoint(monkeypatch) -> Iterator[Endpoint]:
    for name in ("KNNIFE_OFFLINE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(network, "FIRST_WAIT", 0.0)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with Endpoint() as endpoint:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{endpoint.url}/v1")
        yield endpoint


def test_it_gives_the_vectors_of_the_endpoint_in_order(endpoint):
    encoder = load_encoder("openai:letters")
    texts = ["bad", "cab", "a longer text"]
    np.testing.assert_array_equal(encoder.encode(texts), [vector(text, 8) for text in texts])
    assert encoder.encode(texts).dtype == np.float32
    assert (encoder.name, encoder.dim, encoder.kind) == ("openai:letters", 8, "text")
    assert endpoint.asked[1] == {"model": "letters", "input": texts}
    assert set(endpoint.paths) == {"/v1/embeddings"}
    assert endpoint.seen[0][1]["Authorization"] == f"Bearer {KEY}"


def test_it_asks_once_for_the_dimension_unless_it_is_told(endpoint):
    OpenAIEncoder("letters", url=endpoint.url)
    assert [asked["input"] for asked in endpoint.asked] == [["dimension"]]
    endpoint.asked.clear()
    encoder = load_encoder("openai:letters@4")
    assert endpoint.asked == []
    assert encoder.encode(["abcd"]).tolist() == [[1, 1, 1, 1]]
    assert (encoder.name, encoder.dim) == ("openai:letters@4", 4)
    assert endpoint.asked[0]["dimensions"] == 4


def test_a_model_of_the_hub_gets_the_prefixes_that_the_catalogue_knows(endpoint):
    encoder = load_encoder("openai:intfloat/e5-small-v2@4")
    encoder.encode(["red"])
    encode_query(encoder, ["red"])
    assert [asked["input"] for asked in endpoint.asked] == [["passage: red"], ["query: red"]]
    bare = OpenAIEncoder("intfloat/e5-small-v2", url=f"{endpoint.url}/v1", dimensions=4)
    assert encoder.fingerprint != bare.fingerprint


def test_names_of_models_may_hold_colons_and_slashes(endpoint):
    for model in ("nomic-embed-text:latest", "BAAI/bge-m3", "@cf/baai/bge"):
        assert load_encoder(f"openai:{model}").name == f"openai:{model}"
        assert endpoint.asked[-1]["model"] == model


def test_large_requests_are_divided_by_number_and_by_length(endpoint, monkeypatch):
    monkeypatch.setattr(openai, "TEXTS", 3)
    monkeypatch.setattr(openai, "CHARACTERS", 10)
    encoder = load_encoder("openai:letters@8")
    texts = ["a", "b", "c", "d", "x" * 30, "yyyy", "zzzzzz", "z"]
    np.testing.assert_array_equal(encoder.encode(texts), [vector(text, 8) for text in texts])
    assert [asked["input"] for asked in endpoint.asked] == [texts[:3], texts[3:4], texts[4:5], texts[5:7], texts[7:]]


def test_blank_texts_are_zero_and_are_not_sent(endpoint):
    encoder = load_encoder("openai:letters@8")
    assert not encoder.encode(["", " \n"]).any()
    assert encoder.encode([]).shape == (0, 8)
    assert endpoint.asked == []
    assert encoder.encode(["", "a", ""]).any(axis=1).tolist() == [False, True, False]


def test_prefixes_are_put_before_queries_and_passages(endpoint):
    encoder = OpenAIEncoder("letters", url=endpoint.url, dimensions=8, query_prefix="q: ", passage_prefix="p: ")
    encoder.encode(["a"])
    encode_query(encoder, ["a"])
    assert [asked["input"] for asked in endpoint.asked] == [["p: a"], ["q: a"]]


def test_answers_out_of_order_and_in_base64_are_understood(endpoint):
    def spoil(answer):
        for item in answer["data"]:
            item["embedding"] = base64.b64encode(np.array(item["embedding"], "<f4").tobytes()).decode()
        return {"data": answer["data"][::-1]}

    endpoint.spoil = spoil
    encoder = load_encoder("openai:letters")
    np.testing.assert_array_equal(encoder.encode(["bad", "cab"]), [vector("bad", 8), vector("cab", 8)])


def without_last(answer):
    return {"data": answer["data"][:-1]}


def twice_the_first(answer):
    return {"data": [answer["data"][0], answer["data"][0] | {"index": 0}]}


def not_a_number(answer):
    answer["data"][0]["embedding"][0] = float("nan")
    return answer


def shorter(answer):
    return {"data": [item | {"embedding": item["embedding"][:5]} for item in answer["data"]]}


def ragged(answer):
    answer["data"][0]["embedding"].pop()
    return answer


@pytest.mark.parametrize("spoil", [without_last, twice_the_first, not_a_number, shorter, ragged])
def test_answers_that_do_not_fit_are_refused(endpoint, spoil):
    encoder = load_encoder("openai:letters")
    endpoint.spoil = spoil
    with pytest.raises(BadInput, match=r"127.0.0.1:\d+/v1/embeddings answered 'letters' with"):
        encoder.encode(["bad", "cab"])


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"data": 3}', b'{"data": [{"index": 0}]}', b""])
def test_what_is_no_answer_is_refused(endpoint, body):
    endpoint.spoil = lambda answer: body
    with pytest.raises(BadInput, match="answered 'letters' with"):
        load_encoder("openai:letters")


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_what_passes_is_tried_again(endpoint, status):
    endpoint.failures = [(status, {}, b"busy")] * 4
    assert load_encoder("openai:letters").dim == 8
    endpoint.failures = [(status, {}, b'{"error": {"message": "overloaded"}}')] * 5
    with pytest.raises(Offline, match=f"HTTP status {status}.*overloaded"):
        load_encoder("openai:letters")


def test_it_waits_as_long_as_the_endpoint_asks(endpoint, monkeypatch):
    waits: list[float] = []
    monkeypatch.setattr(network.time, "sleep", waits.append)
    monkeypatch.setattr(network, "FIRST_WAIT", 0.5)
    asked = ["7", "1000", "Wed, 21 Oct 2026 07:28:00 GMT"]
    endpoint.failures = [(429, {"Retry_After": value}, b"") for value in asked] + [(500, {}, b"")]
    load_encoder("openai:letters")
    assert waits == [7.0, network.LONGEST_WAIT, 2.0, 4.0]


@pytest.mark.parametrize(
    ("status", "kind", "why"),
    [
        (401, BadInput, "does not accept the key in OPENAI_API_KEY: no sk-secret"),
        (404, NotFound, "has no model 'letters'"),
        (400, BadInput, "refuses 1 texts, the longest of 9 characters"),
    ],
)
def test_a_refusal_is_one_clear_error_without_the_key(endpoint, status, kind, why):
    endpoint.failures = [(status, {}, json.dumps({"error": {"message": f"no {KEY} for you"}}).encode())]
    with pytest.raises(kind, match=why.replace(KEY, "…")) as caught:
        load_encoder("openai:letters")
    assert KEY not in f"{caught.value}{caught.value.__cause__}"
    assert endpoint.failures == []


def test_without_a_key_or_an_address_nothing_is_sent(monkeypatch, no_network):
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "  ")
    with pytest.raises(BadInput, match="needs a key of OpenAI in OPENAI_API_KEY, or another endpoint"):
        load_encoder("openai:letters")
    with pytest.raises(BadInput, match="expected openai:MODEL"):
        load_encoder("openai:")


def test_a_key_that_cannot_be_sent_is_refused_without_showing_it(endpoint, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-\nsecret")
    with pytest.raises(BadInput, match="sent as Authorization holds a line break") as caught:
        load_encoder("openai:letters")
    assert "secret" not in str(caught.value)


def test_a_local_endpoint_needs_no_key(endpoint, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    load_encoder("openai:letters")
    assert "Authorization" not in endpoint.seen[0][1]


@pytest.mark.parametrize("switch", ["KNNIFE_OFFLINE", "HF_HUB_OFFLINE"])
def test_the_offline_switch_forbids_it(endpoint, monkeypatch, switch, no_network):
    encoder = OpenAIEncoder("letters", url=endpoint.url, dimensions=8)  # opens no connection
    with pytest.raises(NetworkUsed):
        encoder.encode(["a"])
    monkeypatch.setenv(switch, "1")
    for attempt in (lambda: encoder.encode(["a"]), lambda: load_encoder("openai:letters")):
        with pytest.raises(Offline, match=f"{switch}=1 forbids the network"):
            attempt()


def test_nobody_at_the_address_is_one_clear_error(endpoint, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with pytest.raises(Offline, match="127.0.0.1:9/v1/embeddings cannot be reached"):
        load_encoder("openai:letters")


@pytest.mark.parametrize("url", ["localhost:11434", "file:///etc/passwd", "http://me:pass@127.0.0.1/v1", "http://", ""])
def test_what_is_no_address_is_refused(url, no_network):
    with pytest.raises(BadInput, match="is no address: expected http") as caught:
        OpenAIEncoder("letters", url=url)
    assert "pass@" not in str(caught.value)


def test_the_fingerprint_covers_all_that_can_be_known(endpoint):
    def fingerprint(model="letters", url=f"{endpoint.url}/v1", **more):
        return OpenAIEncoder(model, url=url, **{"dimensions": 8, **more}).fingerprint

    first = fingerprint()
    assert first == fingerprint() == fingerprint(key="another") == fingerprint(url=f"{endpoint.url}/v1/")
    others = [
        fingerprint("others"),
        fingerprint(dimensions=4),
        fingerprint(query_prefix="q"),
        fingerprint(passage_prefix="q"),
        fingerprint(url=endpoint.url),
    ]
    assert len({first, *others}) == 6


def test_the_key_stands_in_no_space_and_in_no_text_of_the_encoder(endpoint, tmp_path):
    encoder = load_encoder("openai:letters")
    assert KEY not in repr(encoder)
    with Space.open(tmp_path / "s.knnife", encoder) as space:
        space.add([{"id": "1", "text": "bad"}])
    with Space.open(tmp_path / "s.knnife") as space:  # finds the encoder again by its name
        assert space.search("bad", k=1)[0].id == "1"
    assert KEY.encode() not in (tmp_path / "s.knnife").read_bytes()


def test_threads_get_what_one_alone_gets_and_any_text_can_be_sent(endpoint):
    encoder = load_encoder("openai:letters")
    texts = ["bad", "cab", "\ud800 half", "\0", "東京 🚗"]
    alone = encoder.encode(texts)
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(encoder.encode, [texts] * 8):
            np.testing.assert_array_equal(vectors, alone)


def test_what_is_no_text_is_refused(endpoint):
    encoder = load_encoder("openai:letters@8")
    with pytest.raises(BadInput, match="one text"):
        encoder.encode("bad")
    with pytest.raises(BadInput, match="value 1 is of type int"):
        encoder.encode(["bad", 3])
