"""`knnife train words`, from texts and tables to vectors that answer."""

from __future__ import annotations

import gzip
import json
import os
import pty
import random
import re
import signal
import subprocess
from pathlib import Path

import pytest
from tests.encoders.test_training import ANIMALS, WHEELS, two_topics
from tests.interfaces.running import Knnife, program

import knnife as package
from knnife.interfaces.cli.progress import describe

SMALL = "--dim 12 --epochs 20 --sample 0"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("corpus.txt").write_text("\n".join(two_topics(1000)))


def test_texts_become_vectors_and_the_next_command_works(knnife: Knnife) -> None:
    done = knnife(f"train words corpus.txt -o my.vectors {SMALL}")
    assert (done.code, done.err) == (0, "")
    told = re.fullmatch(
        r"my.vectors: 12 words, 12 dimensions, [\d.]+ s \([\d,]+ words a second\)\. Next: (.*)\n", done.out
    )
    assert told is not None
    assert knnife(told[1].removeprefix("knnife ")).code == 0
    near = knnife("words near my.vectors cat -k 1")
    assert near.code == 0, near.err
    assert near.out.split()[-1] in ANIMALS
    assert sorted(path.name for path in Path().iterdir()) == ["corpus.txt", "my.vectors"]


def test_all_settings_reach_the_training(knnife: Knnife) -> None:
    options = (
        "--dim 6 --epochs 2 --window 3 --min-count 2 --max-words 9 --ngrams 2 4 --buckets 300 --phrases 1 "
        "--phrase-score 1e9 --cbow --negatives 3 --sample 0.01 --rate 0.2 --threads 1 --seed 4"
    )
    done = knnife(f"train words corpus.txt -o my.vectors --json {options}")
    row = json.loads(done.out)
    assert {"words": 9, "dim": 6, "output": "my.vectors", "done": 1.0}.items() <= row.items()
    expected = {
        "epochs": 2, "window": 3, "min_count": 2, "max_words": 9, "subwords": [2, 4], "buckets": 300, "phrases": 1,
        "phrase_score": 1e9, "cbow": True, "negatives": 3, "sample": 0.01, "rate": 0.2, "seed": 4,
    }  # fmt: skip
    assert expected.items() <= row.items()
    assert dict(package.WordVectors.load("my.vectors").about).items() <= row.items()


def test_compressed_tables_patterns_and_texts_that_are_split_already(knnife: Knnife) -> None:
    rows = "".join(json.dumps({"title": "x", "body": text}) + "\n" for text in two_topics(300))
    for part in "ab":
        Path(f"{part}.jsonl.gz").write_bytes(gzip.compress(rows.encode()))
    done = knnife("train words *.jsonl.gz --text body -o t.vectors --json --dim 4 --epochs 1")
    assert json.loads(done.out)["corpus words"] == 6000
    Path("tokens.txt").write_text("New_York's A+ C# \n" * 20)
    assert knnife("train words tokens.txt --split spaces -o s.vectors --dim 4 --epochs 1").code == 0
    assert sorted(package.WordVectors.load("s.vectors").words) == ["A+", "C#", "New_York's"]


def test_standard_input_and_folders_are_read(knnife: Knnife) -> None:
    piped = "\n".join(two_topics(100))
    assert json.loads(knnife("train words - -o x.vectors --json --dim 4", input=piped).out)["corpus words"] == 1000
    Path("notes").mkdir()
    Path("notes/a.md").write_text("# Cats\n\n" + " ".join(two_topics(50)))
    assert json.loads(knnife("train words notes -o x.vectors --json --dim 4").out)["corpus words"] == 500


def test_items_of_a_table_become_vectors(knnife: Knnife) -> None:
    draw = random.Random(0)
    rows = [f"{who},{draw.choice([ANIMALS, WHEELS][who % 2])} toy,{n}" for n in range(30) for who in range(60)]
    Path("orders.csv").write_text("\n".join(["customer,product,day", *rows]))
    done = knnife(f"train words orders.csv --items product --by customer --order day -o p.vectors {SMALL}")
    assert done.code == 0, done.err
    near = knnife("words near p.vectors", "pig toy", "-k", "5", "--json")
    assert all(json.loads(line)["word"].removesuffix(" toy") in ANIMALS for line in near.lines)


def test_broken_rows_stop_the_command_or_are_counted(knnife: Knnife) -> None:
    Path("corpus.txt").write_bytes(Path("corpus.txt").read_bytes() + b"\nb\xe4d\n")
    done = knnife("train words corpus.txt -o my.vectors")
    assert done.code == 1
    assert done.err.startswith("knnife: corpus.txt, line 1001: invalid UTF-8: in cp1252 it would read 'bäd'")
    assert "--encoding cp1252" in done.err
    done = knnife("train words corpus.txt -o latin.vectors --dim 4 --encoding cp1252")
    assert (done.code, done.err) == (0, "")
    done = knnife("train words corpus.txt -o my.vectors --dim 4 --on-error skip")
    assert (done.code, done.err) == (0, "skipped 1 broken row\n")


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("none.txt -o x.vectors", 1, "no such file or folder: none.txt"),
        ("none*.txt -o x.vectors", 1, "no file matches none*.txt"),
        ("corpus.txt", 2, "missing option '-o'"),
        ("corpus.txt -o x.csv", 2, "expected a name that ends in .vectors"),
        ("corpus.txt -o no/x.vectors", 1, "cannot be written to"),
        ("corpus.txt -o x.vectors --dim 0", 1, "dim=0: expected a whole number from 1"),
        ("corpus.txt -o x.vectors --min-count 1000000", 1, "0 of the 12 different words came 1,000,000 times or more"),
        ("corpus.txt -o x.vectors --items film", 1, "expected both of them"),
        ("corpus.txt -o x.vectors --text body", 1, "corpus.txt has no columns"),
        ("empty.txt -o x.vectors", 1, "the corpus holds no words"),
        ("one.txt -o x.vectors", 1, "one word only, 'echo' (9 times)"),
        ("made.bin -o x.vectors", 1, "invalid UTF-8"),
        ("a.pdf -o x.vectors", 1, "a.pdf: this is a PDF, an archive or an office document: save the text"),
        ("'' -o x.vectors", 2, "a SOURCE is empty"),
        ("https://example.org/a.txt -o x.vectors", 2, "nothing is fetched from the net"),
        ("corpus.txt old.vectors -o old.vectors", 1, "old.vectors cannot be written to: it is what is read"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(knnife: Knnife, line: str, code: int, said: str) -> None:
    Path("empty.txt").touch()
    Path("one.txt").write_text("echo " * 9)
    Path("made.bin").write_bytes(b"\x93\x08\0\0\0\xff")
    Path("a.pdf").write_bytes(b"%PDF-1.4\n%\xe2\xe3")
    Path("old.vectors").write_text("words")
    done = knnife(f"train words {line}")
    assert done.code == code
    assert said in done.err
    assert done.err.count("\n") == 1
    assert not Path("x.vectors").exists()
    assert Path("old.vectors").read_text() == "words"


def test_train_alone_says_what_can_be_trained(knnife: Knnife) -> None:
    done = knnife("train")
    assert done.code == 0
    assert "knnife train words" in done.out
    assert knnife("train words --help").code == 0


def read_until(terminal: int, wanted: str | None) -> str:
    """What the terminal receives up to a text, or to the end."""
    received = b""
    while wanted is None or wanted not in received.decode(errors="replace"):
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # the other side closed it
            break
        if not piece:
            break
        received += piece
    return received.decode(errors="replace")


def test_ctrl_c_keeps_the_vectors_and_the_same_command_continues() -> None:
    texts = "\n".join(two_topics(3000))
    Path("long.txt").write_text(texts)
    line = ["train", "words", "long.txt", "-o", "my.vectors", "--dim", "12", "--sample", "0", "--epochs", "4000"]
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120"}
    running = subprocess.Popen(program(*line), stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    shown = read_until(ours, "loss")
    running.send_signal(signal.SIGINT)
    shown += read_until(ours, None)
    os.close(ours)
    assert running.wait(timeout=300) == 130
    assert re.search(r"training.*[\d,]+ · .*loss 0\.\d{3}", shown)
    assert re.search(r"stopped; \d+% of the training is done, my.vectors has the vectors so far", shown)
    assert sorted(path.name for path in Path().iterdir()) == [
        "corpus.txt", "long.txt", "my.vectors", "my.vectors.checkpoint",
    ]  # fmt: skip
    vectors = package.WordVectors.load("my.vectors")
    assert 0 < vectors.about["done"] < 1
    assert {*vectors.words} == {*ANIMALS, *WHEELS}


def test_a_stopped_training_is_not_gone_on_with_by_another_command(knnife: Knnife) -> None:
    from tests.encoders.test_training_resumed import stopped

    settings = {"dim": 12, "epochs": 20, "threads": 1}
    so_far = stopped(Path("my.vectors.checkpoint"), 20, Path("corpus.txt").read_text().split("\n"), **settings)
    assert so_far.about["done"] < 0.5
    done = knnife("train words corpus.txt -o my.vectors --dim 10 --epochs 20 --threads 1")
    assert done.code == 1
    assert "dim was 12, is 10. Continue with the same settings" in done.err
    done = knnife("train words corpus.txt -o my.vectors --dim 12 --epochs 20 --threads 1 --json")
    assert done.code == 0, done.err
    assert done.err == "going on with the training that my.vectors.checkpoint is of\n"
    assert json.loads(done.out)["done"] == 1
    assert not Path("my.vectors.checkpoint").exists()


def test_the_time_left_counts_from_where_a_training_goes_on() -> None:
    assert describe(1000, 0.6, 10.0, ahead=0.5) == "1,000 · 100 a second · 0:40 left"
    assert describe(1000, 0.5, 10.0) == "1,000 · 100 a second · 0:10 left"
    assert describe(0, 0.5, 10.0, ahead=0.5) == "0 · 0 a second"
