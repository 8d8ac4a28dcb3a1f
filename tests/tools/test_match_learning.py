"""What a matcher learns, with labels and without: planted records, calibration by simulation, damaged files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from tests.tools.planted_records import WORDS, Rows, close_by, f1, planted

from knnife import BadInput, EncoderMismatch, Matcher, NotFound
from knnife.tools._match.learning import LearnedMatching, MeasuredPairs
from knnife.tools._match.trees import Forest


def test_labels_teach_what_tables_alone_do_not() -> None:
    """Two shops write the same names, and only the year tells what is the same."""
    random = np.random.default_rng(1)
    names = [" ".join(random.permutation(WORDS)[:2]) for _ in range(30)]
    left: Rows = [{"name": name, "year": 1990 + row % 17} for row, name in enumerate(names)]
    right: Rows = [{"name": name, "year": year + move} for name, year, move in
                   ((row["name"], int(str(row["year"])), move) for row in left for move in (0, 9))]  # fmt: skip
    pairs = np.array([[row, 2 * row + other] for row in range(30) for other in (0, 1)])
    same = np.arange(60) % 2 == 0
    labels = [(int(a), int(b), bool(s)) for (a, b), s in zip(pairs[:40], same[:40], strict=True)]
    taught = Matcher.fit(left, right, labels)
    assert taught.labelled == 40
    assert f1(taught.probabilities(left, right, pairs[40:]), same[40:]) > 0.9


def test_a_few_labels_do_no_harm() -> None:
    left, right, matches = planted()
    pairs, same = close_by(matches, 120)
    scores = []
    for seed in range(2):
        shown = np.random.default_rng(seed).permutation(len(pairs))[:30]
        labels = [(int(a), int(b), bool(s)) for (a, b), s in zip(pairs[shown], same[shown], strict=True)]
        scores.append(f1(Matcher.fit(left, right, labels).probabilities(left, right, pairs), same))
    assert min(scores) > 0.93


@pytest.mark.parametrize("same", [False, True])
def test_labels_of_one_kind_move_where_matches_begin(same: bool) -> None:
    """Somebody looked at what is least certain, and all of it is alike: so is more of the rest than was thought."""
    left, right, matches = planted(seed=1)
    pairs, _ = close_by(matches, 120)
    before = Matcher.fit(left, right).probabilities(left, right, pairs)
    unsure = np.argsort(np.abs(before - 0.5))[:12]
    after = Matcher.fit(left, right, [(int(a), int(b), same) for a, b in pairs[unsure]])
    moved = after.probabilities(left, right, pairs) - before
    assert (np.sign(moved[unsure]) == (1 if same else -1)).all()
    sure = np.abs(before - 0.5) > 0.49
    assert np.abs(moved[sure]).max() < 0.2


def test_records_are_labelled_by_their_ids_too() -> None:
    left, right, matches = planted(20)
    left, right = (
        [row | {"id": f"{side}{n}"} for n, row in enumerate(rows)] for side, rows in (("l", left), ("r", right))
    )
    pairs, same = close_by(matches, 20)
    by_id = Matcher.fit(left, right, [(f"l{a}", f"r{b}", bool(s)) for (a, b), s in zip(pairs, same, strict=True)])
    by_place = Matcher.fit(left, right, [(int(a), int(b), int(s)) for (a, b), s in zip(pairs, same, strict=True)])
    assert np.array_equal(by_id.probabilities(left, right, pairs), by_place.probabilities(left, right, pairs))


def test_the_fields_that_decided_are_named() -> None:
    left, right, matches = planted()
    matcher = Matcher.fit(left, right)
    judged = matcher.judge(matcher.comparison(left, right), matches + np.array([0, 1]))
    assert np.median(judged.shares[:, list(judged.fields).index("(rivals)")]) < -1
    loudest = [abs(share.log_odds) for share in judged.why(0, 9)]
    assert loudest == sorted(loudest, reverse=True)
    assert np.allclose(judged.shares.sum(axis=1), judged.log_odds)  # without labels they add up


def test_the_answer_depends_on_the_tables_and_not_on_what_else_is_asked() -> None:
    left, right, matches = planted(40)
    matcher = Matcher.fit(left, right)
    together = matcher.probabilities(left, right, matches)
    alone = [matcher.probabilities(left, right, [pair])[0] for pair in matches[:4].tolist()]
    assert np.allclose(together[:4], alone)


def simulated(m: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Measures, log-odds without labels, labels, and the true chances: a line, a product and a gap."""
    random = np.random.default_rng(seed)
    measures = random.uniform(0, 1, (m, 6))
    logits = 6 * (measures[:, 0] - 0.6) + 8 * (measures[:, 1] > 0.5) * (measures[:, 2] - 0.5) - 1
    labels = (random.random(m) < 1 / (1 + np.exp(-logits))).astype(float)
    start = 10 * (measures[:, 0] - 0.5)  # too sure of itself
    measures[random.random(measures.shape) < 0.1] = np.nan
    return measures, start, labels, 1 / (1 + np.exp(-logits))


@pytest.mark.parametrize("m", [60, 1_500])
def test_probabilities_after_labels_are_calibrated(m: int) -> None:
    off = []
    for seed in range(4):
        measures, start, labels, _ = simulated(m, seed)
        fresh, fresh_start, fresh_labels, _ = simulated(4_000, 100 + seed)
        learned = LearnedMatching.fit(MeasuredPairs(measures, start), labels, MeasuredPairs(fresh, fresh_start), 0)
        chance = 1 / (1 + np.exp(-learned.log_odds(fresh, fresh_start)))
        bins = np.minimum((10 * chance).astype(int), 9)
        off.append(sum(abs((chance - fresh_labels)[bins == b].sum()) for b in range(10)) / len(chance))
    assert np.mean(off) < (0.12 if m == 60 else 0.04)


@pytest.mark.parametrize("drawn", ["all", "half", "sure others"])
def test_labels_drawn_by_what_they_say_leave_the_number_of_matches_to_the_tables(drawn: str) -> None:
    """1 pair in 12 matches; labels of all pairs, of as many matches as others, or of others that nobody mistakes."""
    shares = []
    for seed in range(6):
        random = np.random.default_rng(seed)
        same = random.random(6_000) < 1 / 12
        hint = random.normal(np.where(same, 2.0, -2.0), 1.5)
        measures = np.stack([hint + random.normal(0, 1, 6_000), random.normal(0, 1, 6_000)], axis=1)
        start = hint - np.log(11)  # nearly what is true
        likely = {
            "all": np.ones(6_000),
            "half": np.where(same, 11.0, 1.0),
            "sure others": np.where(same, 9.0, hint < -3),
        }
        rows = random.choice(6_000, 50, replace=False, p=likely[drawn] / likely[drawn].sum())
        tables = MeasuredPairs(measures, start)
        labelled = MeasuredPairs(measures[rows], start[rows])
        found = LearnedMatching.fit(labelled, same[rows].astype(float), tables, seed).log_odds(measures, start) > 0
        shares.append(found.sum() / (start > 0).sum())
    assert 0.85 < np.exp(np.mean(np.log(shares))) < 1.2
    assert max(shares) < 1.35


def test_where_labels_show_nothing_the_order_of_pairs_stays() -> None:
    random = np.random.default_rng(0)
    measures, start = random.normal(0, 1, (2_000, 8)), random.normal(0, 3, 2_000)
    labels = (random.random(60) < 1 / (1 + np.exp(-start[:60]))).astype(float)
    tables = MeasuredPairs(measures, start)
    found = LearnedMatching.fit(tables.at(np.arange(2_000) < 60), labels, tables, 0).log_odds(measures, start)
    assert np.array_equal(np.argsort(found), np.argsort(start))


def test_many_labels_let_trees_learn_what_a_line_cannot() -> None:
    measures, start, labels, _ = simulated(3_000, 0)
    fresh, fresh_start, _, chances = simulated(3_000, 1)
    learned = LearnedMatching.fit(MeasuredPairs(measures, start), labels, MeasuredPairs(fresh, fresh_start), 0)
    assert learned.forest is not None
    line = 1 / (1 + np.exp(-learned.line.log_odds(fresh, fresh_start)))
    both = 1 / (1 + np.exp(-learned.log_odds(fresh, fresh_start)))
    assert np.abs(both - chances).mean() < 0.85 * np.abs(line - chances).mean()


def test_a_forest_learns_a_checkerboard_and_where_the_missing_go() -> None:
    random = np.random.default_rng(0)
    measures = random.uniform(0, 1, (2_000, 2))
    labels = ((measures[:, 0] > 0.5) != (measures[:, 1] > 0.5)).astype(float)
    measures[:500, 0] = np.nan
    labels[:500] = 1
    found = Forest.fit(measures, np.zeros(2_000), labels, random).log_odds(measures)
    assert ((found > 0) == (labels == 1)).mean() > 0.97


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([(0, 0, True), (0, 0, False)], "other way"),
        ([(0, 0)], "label 1"),
        ([(0, 0, "perhaps")], "label 1"),
        ([(99, 0, True)], "99"),
        ([("nobody", 0, True)], "nobody"),
    ],
)
def test_labels_that_teach_nothing_are_refused(labels: list[tuple[object, ...]], message: str) -> None:
    left, right, _ = planted(3)
    with pytest.raises((BadInput, NotFound), match=message):
        Matcher.fit(left, right, labels)


@pytest.mark.parametrize("pairs", [[[0, 99]], [[-1, 0]], [[0.5, 1]], [0, 1], [[0, 1, 2]], [["a", "b"]]])
def test_pairs_that_are_none_are_refused(pairs: object) -> None:
    left, right, _ = planted(3)
    with pytest.raises(BadInput, match="pairs"):
        Matcher.fit(left, right).probabilities(left, right, pairs)


def test_no_pairs_give_no_probabilities_and_no_records_are_refused() -> None:
    left, right, _ = planted(3)
    assert Matcher.fit(left, right).probabilities(left, right, []).shape == (0,)
    with pytest.raises(BadInput, match="right table has no records"):
        Matcher.fit(left, [])


def test_columns_that_the_matcher_knows_must_be_there() -> None:
    left, right, _ = planted(3)
    with pytest.raises(BadInput, match="no column 'maker'"):
        Matcher.fit(left, right).probabilities(left, [{"name": "x"}], [[0, 0]])


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a matcher that learned from 240 labels, with trees, which it would not need."""
    left, right, matches = planted(80)
    pairs, same = close_by(matches, 80)
    labels = [(int(a), int(b), bool(s)) for (a, b), s in zip(pairs, same, strict=True)]
    path = tmp_path_factory.mktemp("matcher") / "beers.match"
    matcher = Matcher.fit(left, right, labels)
    assert matcher.learned is not None
    random = np.random.default_rng(0)
    measures = random.uniform(0, 1, (240, len(matcher.learned.line.weights) - 1))
    forest = Forest.fit(measures, np.zeros(240), same.astype(float), random)
    trust = np.append(matcher.learned.trust, 0.3)
    replace(matcher, learned=matcher.learned._replace(forest=forest, trust=trust)).save(path)
    return path


def test_a_matcher_says_the_same_after_it_was_kept(kept: Path, tmp_path: Path) -> None:
    left, right, matches = planted(30, seed=5)
    pairs, _ = close_by(matches, 30)
    matcher = Matcher.load(kept)
    assert matcher.learned is not None
    assert matcher.learned.forest is not None
    assert matcher.labelled == 240
    matcher.save(tmp_path / "again.match")
    first, second = (Matcher.load(path).probabilities(left, right, pairs) for path in (kept, tmp_path / "again.match"))
    assert np.array_equal(first, second)


def test_files_that_are_no_matcher_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        Matcher.load(tmp_path / "nothing")
    (tmp_path / "text").write_text("not a matcher")
    with pytest.raises(BadInput, match="expected a matcher"):
        Matcher.load(tmp_path / "text")
    save_file({"x": np.zeros(3)}, tmp_path / "other")
    with pytest.raises(BadInput, match="expected a matcher"):
        Matcher.load(tmp_path / "other")


@pytest.mark.parametrize(
    "damage",
    [
        {"forest.measure": lambda t: t + 1_000},
        {"forest.leaves": lambda t: t[:, :3]},
        {"forest.value": lambda t: t * np.nan},
        {"line.width": lambda t: -t},
        {"line.weights": lambda t: t[:-1]},
        {"trust": lambda t: t[:2]},
        {"words.keys": lambda t: t[::-1]},
        {"grams.counts": lambda t: t * 0},
        {"evidence": lambda t: t.astype(np.float32)},
        {"words.counts": None},
    ],
    ids=lambda damage: next(iter(damage)),
)
def test_damaged_files_are_refused(kept: Path, tmp_path: Path, damage: dict[str, object]) -> None:
    from safetensors import safe_open

    with safe_open(kept, framework="numpy") as file:
        meta = file.metadata()
    tensors = load_file(kept)
    for name, change in damage.items():
        tensors.pop(name) if change is None else tensors.update({name: np.ascontiguousarray(change(tensors[name]))})
    save_file(tensors, tmp_path / "damaged", meta)
    with pytest.raises(BadInput, match="expected a matcher"):
        Matcher.load(tmp_path / "damaged")


def test_a_matcher_of_another_model_is_refused(kept: Path, tmp_path: Path) -> None:
    from safetensors import safe_open

    from knnife import load_encoder

    with safe_open(kept, framework="numpy") as file:
        meta = {"meta": file.metadata()["meta"].replace(load_encoder("english").fingerprint, "another")}
    save_file(load_file(kept), tmp_path / "other", meta)
    with pytest.raises(EncoderMismatch):
        Matcher.load(tmp_path / "other")
