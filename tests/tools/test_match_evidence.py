"""What is known of pairs without labels: planted matches, several partners of a record, groups within one table."""

from __future__ import annotations

import numpy as np
from tests.tools.planted_records import Rows, close_by, f1, planted

from knnife import Matcher, match
from knnife.tools._match.evidence import LEVELS, Evidence
from knnife.tools._match.unlabelled import BEGINS


def test_without_labels_planted_matches_are_told_from_what_is_nearly_the_same() -> None:
    left, right, matches = planted()
    pairs, right_ones = close_by(matches, 120)
    assert f1(Matcher.fit(left, right).probabilities(left, right, pairs), right_ones) > 0.95


def test_what_is_missing_changes_no_more_than_what_it_said() -> None:
    """A missing number leaves the log-odds where those of a table without the column are."""
    left, right, matches = planted()
    matcher = Matcher.fit(left, right)
    without = [row | {"strength": None} for row in right]
    comparison = matcher.comparison(left, without)
    judged = matcher.judge(comparison, matches)
    assert (judged.shares[:, list(judged.fields).index("strength")] == 0).all()


def test_several_partners_of_a_record_are_no_rivals_of_each_other() -> None:
    """Each of the left has three partners, which are the same thing themselves: they do not compete."""
    left, right, _ = planted(80)
    several = [row | {"name": f"{row['name']} {extra}"} for row in right[::2] for extra in ("pack", "box", "case")]
    pairs = np.array([[row, 3 * row + copy] for row in range(80) for copy in range(3)])
    matcher = Matcher.fit(left, several)
    assert matcher.evidence.twins[1] > Matcher.fit(left, right).evidence.twins[1] + 3
    others = np.column_stack([pairs[:, 0], (pairs[:, 1] + 3) % 240])
    chance = matcher.probabilities(left, several, np.concatenate([pairs, others]))
    assert f1(chance, np.arange(480) < 240) > 0.95


def copies(n: int, seed: int = 0) -> tuple[Rows, np.ndarray]:
    """A table in which every beer stands two to five times, differently cut; all pairs that are the same beer."""
    random = np.random.default_rng(seed)
    rows: Rows = []
    who: list[int] = []
    for number, row in enumerate(planted(n, seed)[0]):
        for _ in range(int(random.integers(2, 6))):
            name = str(row["name"]).split()
            del name[int(random.integers(3))]
            rows.append(row | {"name": " ".join(name), "strength": row["strength"] if random.random() < 0.8 else None})
            who.append(number)
    same = np.equal.outer(np.array(who), np.array(who))
    return rows, np.argwhere(np.triu(same, 1))


def test_within_one_table_groups_are_found() -> None:
    rows, truth = copies(60)
    found = match(rows)
    pairs = np.column_stack([found.a, found.b])[found.found]
    right = len({*map(tuple, pairs.tolist())} & {*map(tuple, truth.tolist())})
    assert right / len(pairs) > 0.9
    assert right / len(truth) > 0.6
    assert 0 <= found.summary()["expected wrong"] - (len(pairs) - right) < 0.2 * len(pairs)  # rather too careful


def test_a_list_of_texts_is_matched_within_itself() -> None:
    texts = ["red wooden chair", "red woden chair", "blue lamp", "green sofa with legs", "a table of oak", "blue lamps"]
    pairs = np.array([[0, 1], [2, 5], [0, 3], [2, 4]])
    chance = Matcher.fit(texts).probabilities(texts, None, pairs)
    assert min(chance[:2]) > 0.5 > max(chance[2:])


def test_where_matches_begin_is_held_by_what_is_usual() -> None:
    left, _, _ = planted(3)
    assert abs(Matcher.fit(left).evidence.begins - BEGINS) < 0.1


def test_evidence_without_values_rests_on_similarity_alone() -> None:
    texts = ["one chair", "two chairs", "a lamp"]
    evidence = Matcher.fit(texts).evidence
    assert isinstance(evidence, Evidence)
    assert evidence.weights.shape == (0, len(LEVELS) + 1)
