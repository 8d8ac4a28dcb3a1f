"""Copies and near copies: slow oracles, the honesty of what is expected by chance, rules, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.toys import Letters

from knnife import BadInput, EncoderMismatch, Space, Thing, duplicates, similarity
from knnife.things.folding import fold
from knnife.tools._duplicates.shingles import shingles
from knnife.tools._duplicates.similarity_join import close_pairs

SYLLABLES = [a + b for a in "bdfgklmnprst" for b in ("a", "e", "i", "o", "u", "an", "er", "is")]


def sentences(n: int, seed: int = 0, words: int = 20) -> list[str]:
    """Texts of made-up words, no two alike."""
    random = np.random.default_rng(seed)
    parts = random.choice(SYLLABLES, size=(n, words, 3))
    return [" ".join("".join(word) for word in text) + "." for text in parts]


def typo(text: str, random: np.random.Generator, share: float = 0.05) -> str:
    return "".join("x" if random.random() < share else letter for letter in text)


def pairs(found: object) -> set[tuple[int, int]]:
    return {(row["position_a"], row["position_b"]) for row in found.rows()}


def jaccard(a: str, b: str) -> float:
    """By definition, letter by letter."""
    one, two = ({f" {text} "[i : i + 5] for i in range(len(text) - 2)} for text in fold([a, b]))
    return len(one & two) / len(one | two) if one | two else 0.0


@given(st.lists(st.text(alphabet="abc ,.É\0ß\n", max_size=30), min_size=2, max_size=6))
@settings(max_examples=200)
def test_the_surface_is_what_its_definition_says(texts: list[str]) -> None:
    known = shingles(fold(texts))
    a, b = np.triu_indices(len(texts), 1)
    slow = [jaccard(texts[i], texts[j]) for i, j in zip(a, b, strict=True)]
    assert known.jaccard(a, b) == pytest.approx(np.array(slow, np.float32))


@given(st.lists(st.text(alphabet="ab ,É", max_size=30), min_size=2, max_size=6))
@settings(max_examples=100)
def test_what_is_rare_and_shared_is_what_its_definition_says(texts: list[str]) -> None:
    sets = [{f" {text} "[i : i + 5] for i in range(len(text) - 2)} for text in fold(texts)]
    rare = {piece: 1 / n for piece in set().union(*sets) if (n := sum(piece in each for each in sets)) > 1}
    a, b = np.triu_indices(len(texts), 1)
    slow = []
    for one, two in ((sets[i], sets[j]) for i, j in zip(a, b, strict=True)):
        least = min(sum(rare.get(piece, 0) for piece in each) for each in (one, two))
        slow.append(sum(rare[piece] for piece in one & two) / least if least else 0.0)
    known = shingles(fold(texts))
    assert known.rare_shared(a, b) == pytest.approx(np.array(slow), abs=1e-5)
    everything = np.arange(len(texts))
    assert known.all_with_all(everything, everything)[a, b] == pytest.approx(known.jaccard(a, b))


def test_folding_takes_case_punctuation_and_spacing_away() -> None:
    texts = [
        "  Hello,   WORLD! Straße",
        "hello world strasse",
        "a\0b",
        "",
        "...",
        "ﬁne—x",
        "e\u0301",
        "É",
        "\ud800 c++",
        "co\u00adop\u200berate\u200f \ufeffnow",
    ]
    folded = [*["hello world strasse"] * 2, "a b", "", "", "fine x", "é", "é", "c++", "cooperate now"]
    assert fold(texts) == folded
    assert fold([]) == []


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "manhattan"])
@pytest.mark.parametrize("across", [False, True])
def test_close_pairs_are_those_of_all_distances(metric: str, across: bool) -> None:
    random = np.random.default_rng(0)
    a = (random.standard_normal((1500, 20)) * np.arange(20, 0, -1)).astype(np.float32) + 3
    b = a[:700] + random.standard_normal((700, 20), dtype=np.float32)
    if metric == "cosine":
        a, b = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (a, b))
    far = -similarity(a, b if across else a, metric=metric).scores
    far = far + 1 if metric == "cosine" else far
    if not across:
        far[np.tril_indices(len(a))] = np.inf
    reach = float(np.sort(far.ravel())[2000])
    left, right, found = close_pairs(a, b if across else None, reach, metric)
    slow = set(zip(*(far <= reach).nonzero(), strict=True))
    assert len(left) == len(set(zip(left.tolist(), right.tolist(), strict=True)))
    doubtful = set(zip(*(np.abs(far - reach) < 1e-4 * reach).nonzero(), strict=True))  # rounding decides
    assert slow ^ set(zip(left.tolist(), right.tolist(), strict=True)) <= doubtful
    assert found == pytest.approx(far[left, right], abs=2e-4 * float(far[left, right].max()))


def test_copies_of_every_kind_are_found_and_nothing_else() -> None:
    random = np.random.default_rng(1)
    texts = sentences(600)
    words = texts[40].split()
    copies = {
        600 + i: copy
        for i, copy in enumerate(
            [
                *(typo(texts[i], random) for i in range(20)),
                *(" ".join(texts[i].split()[:16]) for i in range(20, 40)),
                " ".join(words[12:] + words[:12]),
                texts[41].upper().replace(" ", " - "),
            ]
        )
    }
    found = duplicates([*texts, *copies.values()], by="surface", false_pairs=0.01)
    assert pairs(found) == {(row - 600, row) for row in copies}
    assert found.removed.tolist() == list(copies)
    assert [thing.value for thing in found.clean()] == texts
    assert all(group == (row - 600, (row,)) for group, row in zip(found.groups(), copies, strict=True))


def cloud(random: np.random.Generator) -> np.ndarray:
    return random.standard_normal((500, 12))


def clusters(random: np.random.Generator) -> np.ndarray:
    return 3 * random.standard_normal((20, 8))[random.integers(20, size=500)] + random.standard_normal((500, 8))


def sphere(random: np.random.Generator) -> np.ndarray:
    points = random.standard_normal((500, 24))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


@pytest.mark.parametrize("made", [cloud, clusters, sphere])
@pytest.mark.parametrize("planted", [0, 60])
def test_as_many_false_pairs_are_found_as_expected(made, planted: int) -> None:
    """Over 40 draws the mean number is that asked for, give or take a factor of two; copies make no difference."""
    counts = {1.0: [], 10.0: []}
    hits = 0
    for seed in range(40):
        random = np.random.default_rng(seed)
        points = made(random)
        copies = points[:planted] + 1e-3 * random.standard_normal((planted, points.shape[1]))
        found = duplicates(np.vstack([points, copies]), metric="euclidean")
        true = {(i, 500 + i) for i in range(planted)}
        hits += len(pairs(found) & true)
        for wanted, seen in counts.items():
            others = {
                (min(a % 500, b % 500), max(a % 500, b % 500)) for a, b in pairs(found.at(false_pairs=wanted)) - true
            }
            seen.append(len(others))
    assert hits == 40 * planted
    assert 0.4 <= np.mean(counts[1.0]) <= 2
    assert 5 <= np.mean(counts[10.0]) <= 18


def test_texts_that_are_no_copies_are_left_alone() -> None:
    counts = [len(duplicates(sentences(300, seed, words=12), by="surface")) for seed in range(20)]
    assert np.mean(counts) <= 2


@pytest.mark.parametrize("copied", [0.02, 0.4])
def test_many_copies_do_not_hide_each_other(copied: float) -> None:
    """Those full of typos are found as well where most texts have a copy, and few others are."""
    random = np.random.default_rng(0)
    texts = sentences(700, 3)
    made = [typo(text, random, 0.1) for text in texts[: round(copied * len(texts))]]
    found = duplicates([*texts, *made], by="surface")
    true = {(row, 700 + row) for row in range(len(made))}
    assert len(pairs(found) & true) >= 0.97 * len(true)
    assert len(pairs(found) - true) <= found.false_between[1]
    assert found.calibrated


def test_texts_from_one_template_are_no_copies_but_what_stands_out_among_them_is() -> None:
    names = sentences(60, 5, words=6)
    lines = [
        f"the weather report of the day for the district of {name} mild and dry with little wind" for name in names
    ]
    copy = lines[7].replace("report", "repport")
    found = duplicates([*sentences(500), *lines, copy], by="surface", false_pairs=0.1)
    assert pairs(found) == {(507, 560)}


def test_paraphrases_are_found_by_vectors_where_the_letters_differ() -> None:
    random = np.random.default_rng(0)
    vectors = random.standard_normal((402, 16)).astype(np.float32)
    vectors[401] = vectors[400] + 0.001
    things = [
        Thing(str(i), text, {}, None, vector)
        for i, (text, vector) in enumerate(zip(sentences(402), vectors, strict=True))
    ]
    found = duplicates(things, false_pairs=0.01)
    row = next(found.rows())
    assert (row["a"], row["b"]) == ("400", "401")
    assert row["surface"] < 0.1
    assert row["similarity"] > 0.999
    assert len(duplicates(things, by="surface", false_pairs=0.01)) == 0


def test_another_limit_needs_no_other_search() -> None:
    points = np.random.default_rng(0).standard_normal((400, 10))
    found = duplicates(points)
    more, fewer = found.at(false_pairs=50), found.at(false_pairs=0.01)
    assert pairs(fewer) <= pairs(found) < pairs(more)
    assert 25 <= len(more) <= 80
    for threshold in (0.9, 0.95, 0.99):
        at, asked = found.at(threshold), duplicates(points, threshold=threshold)
        assert pairs(at) == pairs(asked)
        assert [row["similarity"] for row in at.rows()] == [row["similarity"] for row in asked.rows()]
    with pytest.raises(BadInput, match=r"went down to 0\.\d+"):
        found.at(0.1)
    with pytest.raises(BadInput, match="went up to 100"):
        found.at(false_pairs=101)
    with pytest.raises(BadInput, match="0: a threshold was"):
        asked.at(false_pairs=1)
    with pytest.raises(BadInput, match="either"):
        found.at()


def test_borderline_pairs_stand_on_both_sides_of_the_limit() -> None:
    found = duplicates(np.random.default_rng(0).standard_normal((400, 10)), false_pairs=10)
    expected = [row["expected"] for row in found.borderline(8)]
    assert expected == sorted(expected)
    assert expected[3] <= 10 < expected[4]
    assert len(expected) == 8


def test_thousands_of_equal_texts_make_one_group_and_no_square() -> None:
    texts = ["Again and again!", *sentences(50), *["again  AND again"] * 5000]
    found = duplicates(texts, false_pairs=0.01)
    assert len(found) == 5000
    (group,) = found.groups()
    assert (group.kept, len(group.copies)) == (0, 5000)
    against = duplicates(texts, texts[-3000:], by="surface")
    assert len(against) == 5001 + 2999
    assert len(against.removed) == 5001


@pytest.mark.parametrize(
    ("keep", "kept"),
    [("first", 0), ("last", 3), ("longest", 2), ("max:year", 1), ("min:year", 3), ("central", 0)],
)
def test_one_stays_by_a_rule(keep: str, kept: int) -> None:
    values = ["one two three", "One, two, three", "one  two, three !!!", "ONE two three"]
    things = [
        Thing(f"t{i}", v, {"year": y} if y else {})
        for i, (v, y) in enumerate(zip(values, [None, 9, 5, 1], strict=True))
    ]
    found = duplicates(things, by="surface", keep=keep)
    (group,) = found.groups()
    assert group.kept == kept
    assert found.kept.tolist() == [kept]


def test_the_central_one_is_closest_to_the_others() -> None:
    angles = np.array([0.0, 0.1, 0.2])
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    found = duplicates(points, threshold=0.97, keep="central")
    assert [group.kept for group in found.groups()] == [1]


def test_what_two_spaces_have_in_common(tmp_path: Path) -> None:
    train, test = sentences(300), sentences(60, seed=7)
    with Space.open(tmp_path / "a") as a, Space.open(tmp_path / "b") as b:
        a.add([Thing(f"a{i}", text) for i, text in enumerate([*train, test[5].upper(), test[9][:-12]])])
        b.add([Thing(f"b{i}", text) for i, text in enumerate(test)])
        found = duplicates(a, b, false_pairs=0.01)
        assert {(row["a"], row["b"]) for row in found.rows()} == {("a300", "b5"), ("a301", "b9")}
        assert found.removed.tolist() == [300, 301]
        assert [group.kept for group in found.groups()] == [None, None]
        assert pairs(duplicates(a, test, false_pairs=0.01)) == pairs(found)
        with pytest.raises(BadInput, match="nothing to choose"):
            duplicates(a, b, keep="last")


def test_every_copy_of_a_leak_is_told(tmp_path: Path) -> None:
    train, test = sentences(150), sentences(60, seed=7)
    leak = test[3][:-12]
    found = duplicates([*train, leak, leak.upper(), test[8], leak], [*test, test[8]], by="surface", false_pairs=0.01)
    assert found.removed.tolist() == [150, 151, 152, 153]
    assert pairs(found) == {(150, 3), (151, 3), (153, 3), (152, 8), (152, 60)}


def test_one_threshold_does_not_serve_two_scales() -> None:
    things = [Thing(str(i), text, {}, None, np.eye(3)[i]) for i, text in enumerate(["one", "two", "three"])]
    with pytest.raises(BadInput, match="euclidean similarities; give by="):
        duplicates(things, metric="euclidean", threshold=0.9)
    assert len(duplicates(things, metric="euclidean", threshold=-2, by="vectors")) == 3


def test_spaces_of_different_encoders_are_compared_by_their_texts_alone(tmp_path: Path) -> None:
    with Space.open(tmp_path / "a", Letters()) as a, Space.open(tmp_path / "b", Letters("2")) as b:
        a.add(["a cab for a bad dad"])
        b.add(["A CAB for a bad dad!", "another text"])
        with pytest.raises(EncoderMismatch, match="different encoders"):
            duplicates(a, b)
        assert pairs(duplicates(a, b, by="surface")) == {(0, 0)}


@pytest.mark.parametrize("given", [[], np.empty((0, 3)), ["alone"], np.ones((1, 3))])
def test_few_things_have_no_copies(given: object) -> None:
    found = duplicates(given)
    assert (len(found), found.groups(), len(found.removed), found.calibrated) == (0, [], 0, False)
    assert found.summary()["copies"] == 0
    assert len(duplicates(given, given, threshold=0.5).removed) == len(given)


def test_without_pairs_to_learn_from_only_exact_copies_are_found() -> None:
    found = duplicates(np.array([[1.0, 0], [1, 0], [1, 0.1], [0, 1]]))
    assert pairs(found) == {(0, 1)}
    assert not found.calibrated
    assert duplicates(np.ones((500, 4))).groups()[0].kept == 0


def test_texts_without_letters_are_copies_only_of_themselves() -> None:
    assert pairs(duplicates(["!", "?", "!", "..."], by="surface")) == {(0, 2)}


@pytest.mark.parametrize(
    ("given", "options", "part"),
    [
        (["a", "b"], {"keep": "best"}, "keep is 'best'; expected one of first"),
        (["a", "A"], {"keep": "max:"}, "keep is 'max:'"),
        (["a", "b"], {"false_pairs": -1}, "false_pairs is -1"),
        (["a", "b"], {"threshold": float("nan")}, "threshold is nan"),
        (["a", "b"], {"by": "letters"}, "by is 'letters'"),
        (np.eye(3), {"by": "surface"}, "not all of things are texts"),
        (np.array([[1.0, np.nan]]), {}, "NaN"),
    ],
)
def test_what_makes_no_sense_is_refused(given: object, options: dict, part: str) -> None:
    with pytest.raises(BadInput, match=part):
        duplicates(given, **options)


def test_a_field_that_cannot_be_put_in_order_is_refused() -> None:
    things = [Thing("a", "same", {"year": 1}), Thing("b", "Same", {"year": "x"})]
    with pytest.raises(BadInput, match="cannot be put in order: int, str"):
        duplicates(things, by="surface", keep="max:year").groups()
    with pytest.raises(BadInput, match="nothing has the field 'size'"):
        duplicates(things, by="surface", keep="min:size").groups()
    listed = [Thing("a", "same", {"year": [1]}), Thing("b", "Same", {"year": [2]})]
    with pytest.raises(BadInput, match="cannot be put in order: list"):
        duplicates(listed, by="surface", keep="max:year").groups()
