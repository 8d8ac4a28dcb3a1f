"""`make demo`, as far as it can be tried in a moment: examples/demo.py, on a space of one module."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import knnife

ROOT = Path(__file__).parents[1]


def shown(path: Path) -> list[str]:
    environment = {**os.environ, "COLUMNS": "80"}
    command = [sys.executable, str(ROOT / "examples" / "demo.py"), path.name]
    done = subprocess.run(command, cwd=path.parent, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_it_shows_three_answers_to_each_of_five_questions_in_80_columns(tmp_path: Path) -> None:
    path = tmp_path / "stdlib.knnife"
    with knnife.Space.open(path) as space:
        space.add(knnife.read("python:json"))
        space.add(["a text without a name", "another\n\n" + "long " * 100])
    lines = shown(path)
    questions = [number for number, line in enumerate(lines) if line.endswith("?")]
    assert len(questions) == 5
    for number in questions:
        assert [line.startswith("  ") for line in lines[number + 1 : number + 5]] == [True, True, True, False]
    assert max(map(len, lines)) <= 80
    assert any("ms a question" in line for line in lines)
