"""Classes: known answers, names and examples, honest probabilities, "none of these", wrong labels, and bad input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.toys import Letters

from knnife import BadInput, Classifier, EncoderMismatch, Space, Thing, classify
from knnife.encoders.static import StaticEncoder, english_folder
from knnife.space import sample
from knnife.tools._classify.calibration import calibration_error

MONEY = [
    "send money abroad",
    "transfer cash to a friend",
    "what does a bank transfer cost",
    "wire funds to my landlord",
]
FOOD = ["bake a cake with butter", "boil the potatoes", "a recipe for onion soup", "knead the dough for bread"]
TEXTS, KINDS = MONEY + FOOD, ["money"] * 4 + ["food"] * 4


def clouds(n: int, classes: int, apart: float, seed: int = 0, dim: int = 16) -> tuple[np.ndarray, np.ndarray]:
    """n points around as many centres as there are classes, by chance."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((classes, dim)) * apart
    codes = random.integers(classes, size=n)
    return (centres[codes] + random.standard_normal((n, dim))).astype(np.float32), codes


def test_clouds_that_are_apart_are_told_apart() -> None:
    points, codes = clouds(200, 4, apart=3)
    new, truth = clouds(500, 4, apart=3, seed=1)
    for metric in ("cosine", "euclidean"):
        head = Classifier.fit(points, codes, metric=metric)
        assert head.classes == (0, 1, 2, 3)
        assert np.mean(np.array(head.predict(new)) == truth) > 0.97


def test_a_border_may_be_bent() -> None:
    """One class is a ring around the other: no straight line parts them."""
    random = np.random.default_rng(0)
    angles, codes = random.uniform(0, 2 * np.pi, 400), np.arange(400) % 2
    radius = np.where(codes == 1, 3, 1) + 0.2 * random.standard_normal(400)
    points = np.stack([radius * np.cos(angles), radius * np.sin(angles)], axis=1).astype(np.float32)
    head = Classifier.fit(points[:200], codes[:200], metric="euclidean")
    assert np.mean(np.array(head.predict(points[200:])) == codes[200:]) > 0.98


def test_names_alone_are_enough() -> None:
    found = classify(
        None,
        ["the parliament votes on a law", "the striker scored two goals", "the cake needs more butter"],
        labels={
            "sport": "football and matches",
            "politics": "elections, parties",
            "cooking": "food and recipes",
        },
    )
    assert found.labels == ["politics", "sport", "cooking"]
    assert found.measured is None  # nothing tells how good that is


def test_names_are_read_as_words() -> None:
    spelled = [["card_payment", "CashWithdrawal"], ["card payment", "Cash Withdrawal"]]
    heads = [Classifier.zero_shot(names).predict_proba(["my card was charged", "an ATM"]) for names in spelled]
    np.testing.assert_allclose(*heads, atol=1e-6)


def test_names_help_while_examples_are_few_and_only_where_they_mean_something() -> None:
    asked = ["pay my rent", "fry an egg", "an account", "a sandwich", "credit", "cooking lunch"]
    right = ["money", "food"] * 3
    one_each = [TEXTS[0], TEXTS[4]]
    helped = Classifier.fit(one_each, ["money", "food"], names={"money": "banks and payments", "food": "eating"})
    assert helped.predict(asked) == right
    for codes in ([0, 0, 0, 0, 1, 1, 1, 1], KINDS):
        plain = Classifier.fit(TEXTS, codes, names=False)
        told = Classifier.fit(TEXTS, codes)
        assert (len(told.examples.ids) > len(plain.examples.ids)) == (codes is KINDS)  # "0" and "1" tell nothing


def test_one_thing_is_a_batch_of_one() -> None:
    points, codes = clouds(60, 3, apart=2)
    head = Classifier.fit(points, codes)
    together = head.predict_proba(points)
    np.testing.assert_allclose(np.concatenate([head.predict_proba(row) for row in points]), together, atol=1e-5)
    np.testing.assert_allclose(together.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("apart", [0.4, 0.8, 1.5])
def test_probabilities_are_right_as_often_as_they_say(apart: float) -> None:
    """From classes that overlap widely to such as hardly do; the error is measured on 4,000 new points."""
    points, codes = clouds(600, 3, apart)
    new, truth = clouds(4_000, 3, apart, seed=1)
    head = Classifier.fit(points, codes, metric="euclidean")
    assert calibration_error(head.predict_proba(new), truth) < 0.04
    assert head.measured is not None
    accuracy = np.mean(np.array(head.predict(new)) == truth)
    assert head.measured.accuracy == pytest.approx(accuracy, abs=0.06)  # of 500 held out: 3 standard errors at 0.5


def test_of_what_belongs_few_are_answered_none_and_of_what_does_not_nearly_all() -> None:
    new, _ = clouds(2_000, 4, apart=3, seed=1)
    strange = np.random.default_rng(2).standard_normal((200, 16)).astype(np.float32) * 12
    heads = [Classifier.fit(*clouds(500, 4, apart=3, seed=seed), metric="euclidean") for seed in range(2, 6)]
    for none in (None, 0.05, 0.2):
        share = np.mean([[label is None for label in classify(head, new, none=none).labels] for head in heads])
        assert share == pytest.approx(none or 0.05, abs=0.015)
        assert set(classify(heads[0], strange, none=none).labels) == {None}
    points, codes = clouds(500, 4, apart=3)
    assert None not in classify(points, strange, labels=codes, none=0).labels


def test_names_tell_what_belongs_to_none_of_them() -> None:
    labels = ["card payment", "currency exchange", "lost card", "transfer fee"]
    found = classify(None, ["my card payment failed", "whales sing in the ocean"], labels=labels)
    assert found.labels == ["card payment", None]


def test_the_examples_that_decided_are_those_that_the_answer_hangs_on() -> None:
    """Without the examples that are named first, the answer is less sure than without any other two."""
    things = [
        Thing(f"{kind}-{i}", text, {"kind": kind}) for i, (text, kind) in enumerate(zip(TEXTS, KINDS, strict=True))
    ]
    asked = ["what is the cost of a bank transfer"]
    found = classify(things, asked, labels="kind", names=False)
    assert found.because[0][0].id == "money-2"
    shares = [reason.share for reason in classify(things, asked, labels="kind", names=False, because=8).because[0]]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1, abs=1e-3)

    def sure(left: list[Thing]) -> float:
        head = Classifier.fit(left, "kind", names=False)
        return float(head.head.weights.logits(head.features(asked))[0] @ [-1, 1])

    without = {thing.id: sure([other for other in things if other.id != thing.id]) for thing in things[:4]}
    assert min(without, key=without.__getitem__) == "money-2"


def test_no_examples_need_be_named() -> None:
    points, codes = clouds(40, 2, apart=2)
    assert list(classify(points, points[:3], labels=codes, because=0).because) == [[], [], []]
    assert not any(classify(points, labels=codes, check=True, because=0).because)


def test_things_of_a_space_that_lack_the_label_are_answered(tmp_path: Path) -> None:
    rows = [{"id": str(i), "text": text, "kind": kind} for i, (text, kind) in enumerate(zip(TEXTS, KINDS, strict=True))]
    rows.insert(3, {"id": "x", "text": "roast a chicken with onions", "kind": None})
    with Space.open(tmp_path / "s.knnife") as space:
        space.add(rows)
        found = classify(space, labels="kind")
        assert (list(found.ids), found.positions.tolist(), found.labels) == (["x"], [3], ["food"])
        row = next(found.rows())
        assert row["label"] == "food"
        assert row["because"][0]["id"] in {*"34567", "name: food"}
        with pytest.raises(BadInput, match="no thing of .*s.knnife has a 'knd'; what is known of them: kind"):
            classify(space, labels="knd")


def test_view_and_where_choose_among_the_things_of_a_space(tmp_path: Path) -> None:
    with Space.open(tmp_path / "s.knnife", Letters()) as space:
        space.add([Thing(str(n), text, {"kind": text[0], "n": n}) for n, text in enumerate(["ab", "ba", "gh", "hg"])])
        assert Classifier.fit(space, "kind", where="n < 2").classes == ("a", "b")
        assert classify(space, ["ab"], labels="kind", where="n > 1", view=space.info().views[0].name).classes == (
            "g",
            "h",
        )
        for head in (Classifier.fit(space, "kind"), None):
            with pytest.raises(BadInput, match="labelled things of a space"):
                classify(head, ["ab"], labels=None if head else ["a", "b"], where="n < 2")


def test_wrong_labels_are_found() -> None:
    """A tenth of the labels is replaced."""
    points, truth = clouds(1_000, 5, apart=2)
    random = np.random.default_rng(3)
    wrong = random.permutation(1_000)[:100]
    given = truth.copy()
    given[wrong] = (given[wrong] + random.integers(1, 5, size=100)) % 5
    found = classify(points, labels=given, check=True, metric="euclidean")
    order = np.argsort(found.positions)
    suspect = found.wrong[order]  # type: ignore[index]
    assert suspect[wrong].mean() > 0.85  # recall
    assert np.isin(np.flatnonzero(suspect), wrong).mean() > 0.95  # precision
    assert np.mean(np.array(found.labels)[order][wrong] == truth[wrong]) > 0.95
    clean = classify(points, labels=truth, check=True, metric="euclidean")
    assert clean.wrong is not None
    assert clean.wrong.mean() < 0.01


def test_few_of_a_class_and_many_of_another_go_together() -> None:
    points, codes = clouds(400, 3, apart=3)
    keep = np.concatenate([np.flatnonzero(codes == 0), np.flatnonzero(codes == 1)[:10], np.flatnonzero(codes == 2)[:4]])
    head = Classifier.fit(points[keep], codes[keep])
    new, truth = clouds(600, 3, apart=3, seed=1)
    assert np.mean(np.array(head.predict(new)) == truth) > 0.9


def test_the_same_seed_gives_the_same_head() -> None:
    points, codes = clouds(300, 3, apart=1)
    first, second = (Classifier.fit(points, codes, seed=5).predict_proba(points) for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize(
    ("labels", "part"),
    [
        ([1, 1, 1], "one class, 1; expected two"),
        ([None, None, None], "there is no class"),
        ([1, 2], "2 labels were given for 3 things"),
        ([[1], [2], [1]], r"the label '\[1\]' is a list"),
    ],
)
def test_labels_that_cannot_be_learned_are_refused(labels: list[object], part: str) -> None:
    with pytest.raises(BadInput, match=part):
        Classifier.fit(np.eye(3, dtype=np.float32), labels)


@pytest.mark.filterwarnings("ignore:.* is new and empty")
def test_hopeless_input_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="NaN"):
        Classifier.fit(np.array([[1, np.nan], [1, 2]]), [0, 1])
    with pytest.raises(BadInput, match="'a_b' and 'a b' both mean 'a b'"):
        Classifier.zero_shot(["a_b", "a b"])
    with pytest.raises(BadInput, match="expected two or more, each once"):
        Classifier.zero_shot(["a", "a"])
    with pytest.raises(BadInput, match="which is no label"):
        Classifier.fit(TEXTS, KINDS, names={"fod": "eating"})
    with pytest.raises(BadInput, match="something asked"):
        classify(None, labels=["a", "b"])
    with pytest.raises(BadInput, match="every class has one example"):
        classify(np.eye(2, dtype=np.float32), labels=[0, 1], check=True)
    with Space.open(tmp_path / "s.knnife") as space, pytest.raises(BadInput, match="there is no class"):
        classify(space, labels="kind")


def test_one_example_each_and_copies_and_constant_vectors_do_no_harm() -> None:
    head = Classifier.fit(np.eye(3, dtype=np.float32), ["a", "b", "c"])
    assert head.predict(np.eye(3, dtype=np.float32)) == ["a", "b", "c"]
    assert head.measured is None
    same = np.ones((6, 4), np.float32)
    probabilities = Classifier.fit(same, [0, 0, 0, 0, 1, 1]).predict_proba(same)
    assert np.isfinite(probabilities).all()
    assert (probabilities.argmax(axis=1) == 0).all()


def test_texts_are_encoded_as_the_examples_were(tmp_path: Path) -> None:
    head = Classifier.fit(["abba", "gag", "cab", "egg"], [0, 1, 0, 1], encoder=Letters())
    vectors = np.array([[2, 2, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 2, 0]], np.float32)
    for asked in (["abba", "gg"], [{"text": "abba"}, {"text": "gg"}], vectors, vectors.tolist()):
        assert head.predict(asked) == [0, 1]
    with Space.open(tmp_path / "s.knnife", Letters()) as space:
        space.add([Thing("1", "aabb", {"kind": "x"}), Thing("2", "gggh", {"kind": "y"}), Thing("3", "abab")])
        assert head.predict(space) == [0, 1, 0]
        head = Classifier.fit(space, "kind")
    assert head.predict(["ab", "hg"]) == ["x", "y"]  # the space is closed by now
    assert head.predict([]) == []
    assert classify(head, []).labels == []


def test_vectors_of_another_encoder_are_refused() -> None:
    head = Classifier.fit(TEXTS, KINDS)
    small = StaticEncoder.load(english_folder(), name="small", dim=32)
    with pytest.raises(EncoderMismatch, match="learned from vectors of the encoder english"):
        head.predict_proba(sample(["a text"], encoder=small))
    with pytest.raises(BadInput, match="takes vectors of 256 dimensions"):
        head.predict_proba(np.ones((1, 3), np.float32))
    with pytest.raises(BadInput, match="brought along"):
        Classifier.fit(np.eye(3, dtype=np.float32), [0, 1, 1]).predict(["a text"])
