"""`knnife recommend`, with `train` and `add` beside it, and `knnife near` of users and of what is chosen together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests import watched
from tests.interfaces.running import Knnife

TASTES = watched.tastes()
TRAIN = "recommend train watched.csv --user user --item film --rating rating"


def test_items_without_a_column_of_texts_are_known_by_their_titles(knnife: Knnife, folder: Path) -> None:
    Path("titles.csv").write_text("film,title,kind\nf1,Heat,crime\nf2,Alien,horror\nf3,Up,comedy\n")
    Path("log.csv").write_text(
        "user,film\n" + "".join(f"u{n},f{1 + n % 3}\nu{n},f{1 + (n + 1) % 3}\n" for n in range(9))
    )
    made = knnife("recommend train log.csv --item film --items titles.csv -o titled.knnife")
    assert (made.code, made.err) == (0, "")
    assert "Heat" in knnife("get titled.knnife f1").out
    bad = knnife("recommend train log.csv --item film --items titles.csv --item-id isbn -o none.knnife")
    assert bad.code != 0
    assert "isbn" in bad.err
    assert not Path("none.knnife").exists()


def test_answers_come_as_a_table_lines_or_json(knnife: Knnife, folder: Path) -> None:
    lines = knnife("recommend taste.knnife --user anna -k 3 --because").lines
    assert [line.split("\t")[0] for line in lines] == ["anna"] * 3
    rows = [json.loads(line) for line in knnife("recommend taste.knnife --user anna -k 3 --because --json").lines]
    assert [row["id"] for row in rows] == [line.split("\t")[2] for line in lines]
    assert {"user", "rank", "id", "score", "ground", "because", "chosen", "value", "about"} <= rows[0].keys()


def test_users_are_read_from_standard_input(knnife: Knnife, folder: Path) -> None:
    found = knnife("recommend taste.knnife --user - -k 2", input="anna\ngus\n")
    assert [line.split("\t")[0] for line in found.lines] == ["anna", "anna", "gus", "gus"]


def test_a_log_makes_a_space_whose_things_are_its_items(knnife: Knnife, folder: Path) -> None:
    assert knnife(f"{TRAIN} -o new.knnife").code == 0
    films = {film for films in TASTES.values() for film in films}
    answered = knnife("recommend new.knnife --user anna -k 99 --seen --json").lines
    assert {json.loads(line)["id"] for line in answered} == films
    assert json.loads(knnife("info new.knnife --json").out)["interactions"]["events"] == 60


def test_what_is_read_already_is_not_counted_twice(knnife: Knnife, folder: Path) -> None:
    before = knnife("recommend taste.knnife --user anna").out
    again = knnife("recommend train watched.csv --user user --item film --rating rating --time day -o taste.knnife")
    assert "60 choices, 60 of them there already" in again.out
    assert knnife("recommend taste.knnife --user anna").out == before


def test_later_choices_count_at_once_and_are_learned_by_train(knnife: Knnife, folder: Path) -> None:
    assert "there is no user 'mona'" in knnife("recommend taste.knnife --user mona").err
    assert knnife("recommend add taste.knnife more.csv").code == 0  # the columns are called as before
    assert "Up" not in knnife("recommend taste.knnife --user anna -k 99").out
    found = knnife("recommend taste.knnife --user mona -k 1 --by taste").lines
    assert {line.split("\t")[2] for line in found} <= {"Ocean's Eleven", "The Italian Job", "The Sting"}
    assert "stale: knnife recommend train taste.knnife" in knnife("info taste.knnife").out
    trained = knnife("recommend train taste.knnife --json")
    assert json.loads(trained.lines[-1])["users"] == 13
    assert "learned from all on " in knnife("info taste.knnife").out


def test_who_has_chosen_nothing_is_answered_what_is_popular_and_told_so(knnife: Knnife, folder: Path) -> None:
    Path("people.csv").write_text("user,age\nnina,33\nanna,41\n")
    assert knnife(f"{TRAIN} --time day --users people.csv -o taste.knnife").code == 0
    found = knnife("recommend taste.knnife --user nina -k 1 --because --json")
    counts = {film: sum(film in films for films in TASTES.values()) for films in TASTES.values() for film in films}
    row = json.loads(found.out)
    assert counts[row["id"]] == max(counts.values())
    assert row["because"] == f"popular: {counts[row['id']]} of 13 chose it"
    assert "nina: nothing is known of what they like, so these are what most people chose" in found.err


def test_names_are_told_where_they_are_near(knnife: Knnife, folder: Path) -> None:
    assert "no user 'Anna' among the 12; did you mean 'anna'?" in knnife("recommend taste.knnife --user Anna").err
    assert "no item 'Hete'; did you mean 'Heat'?" in knnife("recommend taste.knnife --like Hete").err
    assert knnife("recommend taste.knnife --like 'ITALIAN JOB' -k 1").code == 0  # case and the article do not count


def test_names_that_look_alike_are_told(knnife: Knnife, folder: Path) -> None:
    Path("log.csv").write_text('user,item\nann,a\n"Ann ",b\nbo,a\nbo,b\n')
    err = knnife("recommend train log.csv -o log.knnife").err
    assert "the users 'ann' and 'Ann ' differ in case or spaces only, and are two" in err


def test_an_id_may_be_a_user_and_an_item(knnife: Knnife, folder: Path) -> None:
    Path("log.csv").write_text("user,item\n1,1\n1,2\n2,2\n2,3\n3,1\n3,3\n")
    assert knnife("recommend train log.csv -o log.knnife").code == 0
    assert knnife("recommend log.knnife --user 1 -k 1").lines[0].split("\t")[2] == "3"


def test_items_that_are_no_things_teach_and_are_not_answered(knnife: Knnife, folder: Path) -> None:
    trained = knnife(f"{TRAIN} -o films.knnife")  # which has six of the twenty
    assert "14 of the items are no things of films.knnife: they teach, and are never answered" in trained.err
    found = {line.split("\t")[2] for line in knnife("recommend films.knnife --user judy -k 99").lines}
    held = {json.loads(line)["id"] for line in knnife("export films.knnife").lines}
    assert found < held


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("recommend films.knnife --user anna", "has no interactions, so nothing is known of who chose what: `knnife "),
        ("recommend films.knnife --like Heat", "has no interactions"),
        ("recommend taste.knnife", "nobody is asked for; expected --user, --like or --unlike"),
        ("recommend taste.knnife --user anna --group", "--group is for several users"),
        ("recommend taste.knnife --like Up --unlike up", "'Up' is given as liked and as disliked"),
        ("recommend watched.csv --user anna", "watched.csv"),
        ("recommend train watched.csv --user user --item film", "expected -o SPACE, the space that learns"),
        ("recommend train taste.knnife -o x.knnife", "taste.knnife is a space; expected a log"),
        ("recommend train watched.csv --item movie -o x.knnife", "movie"),
        ("recommend train watched.csv --item film --text plot -o x.knnife", "go with --items"),
        ("recommend add nowhere.knnife watched.csv", "nowhere.knnife"),
        ("near taste.knnife --user nobody", "there is no user 'nobody' among the 12"),
        ("near films.knnife --user anna", "has no interactions"),
        ("near taste.knnife --user anna --item Heat", "got --user and --item"),
        ("near taste.knnife --user anna --where 'year > 1990'", "--where is about things"),
    ],
)
def test_what_cannot_be_asked_says_what_to_do(knnife: Knnife, folder: Path, line: str, said: str) -> None:
    done = knnife(line)
    assert done.code in (1, 2)
    assert said in done.err
    assert len(done.err.splitlines()) == 1


def test_a_space_with_a_log_that_nothing_was_learned_from_says_the_command(knnife: Knnife, folder: Path) -> None:
    knnife("recommend add films.knnife watched.csv --user user --item film")
    said = "`knnife recommend train films.knnife`"
    assert said in knnife("recommend films.knnife --user anna").err
    assert "nothing was learned from them yet: knnife recommend train films.knnife" in knnife("info films.knnife").out
    assert knnife("recommend films.knnife --user anna --by content -k 1").code == 0


def test_near_a_user_are_users_and_near_an_item_what_is_chosen_with_it(knnife: Knnife, folder: Path) -> None:
    users = [line.split("\t") for line in knnife("near taste.knnife --user anna --user gus -k 2").lines]
    assert [row[0] for row in users] == ["anna", "anna", "gus", "gus"]
    assert {row[3] for row in users[:2]} == {"bela", "carl"}
    items = [line.split("\t") for line in knnife("near taste.knnife --item heat -k 3").lines]
    assert items[0][0] == "Heat"
    assert int(items[0][2]) == sum({"Heat", items[0][3]} <= {*films} for films in TASTES.values())
