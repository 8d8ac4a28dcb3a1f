"""A space under load for as long as wanted: writers, readers, a doctor and kills, every answer held against the truth.

What thing i is, its text and its vector, follows from i alone, so each process can check what it is told by itself.
Writers add things, bring them up to date and remove some of their own share, and are killed at any moment; what they
reported as committed has to be there. Readers ask for neighbours whose place is known, for words, things and counts.
The doctor looks at the whole file again and again. Wrong: an answer that is not the truth. Lost: something that was
reported as committed and is not there. Memory: of the readers, at the end against after the first tenth of the time.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.report import Report, called, options
from knnife import KnnifeError, Space, SpaceBusy, Thing

DIM = 32
WRITERS, READERS = 2, 6
BATCH = 500
KEPT = 9  # of ten things; the tenth is removed again


def vector(number: int) -> np.ndarray:
    """The vector of a thing: its own direction, and so its own nearest neighbour."""
    made: np.ndarray = np.random.default_rng(number).standard_normal(DIM).astype(np.float32)
    return made


def thing(number: int, version: int = 0) -> Thing:
    return Thing(f"t{number}", f"thing number{number} of many", {"n": number, "version": version}, None, vector(number))


def write(path: str, share: int, start: int, total: int) -> None:
    """Adds every WRITERS-th batch from `start` on, and says after each commit what is safe."""
    with Space.open(path) as space:
        for first in range(start, total, WRITERS * BATCH):
            numbers = range(first + share * BATCH, min(total, first + (share + 1) * BATCH))
            while True:
                try:
                    space.add([thing(number) for number in numbers])
                    space.add([thing(number, 1) for number in numbers[::50]])
                    space.remove([f"t{number}" for number in numbers[KEPT::10]])
                    break
                except SpaceBusy:
                    continue
            print(first + WRITERS * BATCH, flush=True)


def read(path: str, seed: int, seconds: float) -> None:
    """Asks until the time is over: how many answers, how many wrong, memory early and late, as one line of JSON."""
    clock, asked, wrong, busy, early = random.Random(seed), 0, [], 0, 0
    until = time.monotonic() + seconds
    with Space.open(path, read_only=True) as space:
        while time.monotonic() < until:
            try:
                asked += 1
                some = next(space.things(f"n >= {clock.randrange(max(1, len(space)))}"), None)
                if some is not None and some.id:
                    wrong += check(space, int(some.id[1:]))
            except SpaceBusy:
                busy += 1
            except KnnifeError as error:
                if "not in the space" not in str(error):  # removed between two questions
                    wrong.append(f"{type(error).__name__}: {error}")
            if not early and time.monotonic() > until - 0.9 * seconds:
                early = resident()
    print(json.dumps({"asked": asked, "wrong": wrong[:20], "count": len(wrong), "early": early, "late": resident()}))


def check(space: Space, number: int) -> list[str]:
    """What is wrong with the answers about one thing that is there, or was just now."""
    id, truth, wrong = f"t{number}", thing(number), []
    (found,) = space.get([id])
    if found.value != truth.value or found.about["n"] != number or found.about["version"] not in (0, 1):
        wrong.append(f"get {id}: {found}")
    ids, vectors = space.vectors([id])
    if not np.array_equal(vectors[0], truth.vector):
        wrong.append(f"vectors {ids}")
    near = space.near(truth.vector, 1)
    if near.ids != [[id]] and id in space:
        wrong.append(f"near {id}: {near.ids} {near.scores}")
    hits = space.search(f"number{number}", 1, by="words").hits
    if [hit.id for hit in hits] != [id] and id in space:
        wrong.append(f"words {id}: {hits}")
    return wrong


def resident() -> int:
    """Bytes in memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Writer:
    """A process that writes, killed now and then; `safe` is up to where it reported."""

    def __init__(self, path: str, share: int, total: int) -> None:
        self.path, self.share, self.total, self.safe, self.kills = path, share, total, 0, 0
        self.start()

    def start(self) -> None:
        """Go on from what is safe."""
        command = [
            sys.executable,
            "-m",
            "bench.soak",
            "write",
            self.path,
            str(self.share),
            str(self.safe),
            str(self.total),
        ]
        self.process, self.rest = subprocess.Popen(command, stdout=subprocess.PIPE), b""
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)

    def look(self) -> None:
        """Read what it reported, and start it again where it was killed."""
        ended = self.process.poll() is not None
        self.reported()
        if ended and self.process.returncode == -signal.SIGKILL:
            self.start()

    def reported(self) -> None:
        """Read what it reported."""
        assert self.process.stdout is not None
        try:
            said = os.read(self.process.stdout.fileno(), 1 << 16)
        except BlockingIOError:  # nothing new
            return
        whole, _, self.rest = (self.rest + said).rpartition(b"\n")
        self.safe = max([self.safe, *map(int, whole.split())])

    def kill(self) -> None:
        """End it at any moment."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
            self.kills += 1


def lost(path: str, writers: list[Writer]) -> int:
    """How many things that were reported are not there, or were removed and are."""
    missing = 0
    with Space.open(path, read_only=True) as space:
        for writer in writers:
            for first in range(0, writer.safe, WRITERS * BATCH):
                numbers = range(first + writer.share * BATCH, min(writer.total, first + (writer.share + 1) * BATCH))
                removed = {f"t{number}" for number in numbers[KEPT::10]}
                missing += sum((f"t{number}" in space) == (f"t{number}" in removed) for number in numbers)
    return missing


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--things", type=int, default=1_000_000)
    arguments = parser.parse_args()
    seconds, total = (25.0, 20_000) if arguments.quick else (60 * arguments.minutes, arguments.things)
    report = Report("soak", as_json=arguments.json)
    who = called("knnife") or "knnife"
    with tempfile.TemporaryDirectory() as folder:
        for name, value, unit in soak(str(Path(folder) / "s.knnife"), seconds, total):
            report.add(name, who, value, unit)
    report.close()


def soak(path: str, seconds: float, total: int) -> list[tuple[str, float, str]]:
    clock, until, doctored, bad = random.Random(0), time.monotonic() + seconds, 0, 0
    with Space.open(path) as space:
        space.add([thing(number) for number in range(total, total + 100)])
    command = [sys.executable, "-m", "bench.soak", "read", path]
    readers = [
        subprocess.Popen([*command, str(seed), str(seconds)], stdout=subprocess.PIPE, text=True)
        for seed in range(READERS)
    ]
    writers = [Writer(path, share, total) for share in range(WRITERS)]
    doctor: subprocess.Popen[str] | None = None
    while time.monotonic() < until:
        time.sleep(0.2)
        for writer in writers:
            writer.look()
            if clock.random() < 0.02:
                writer.kill()
        if doctor is None or doctor.poll() is not None:
            bad += doctor is not None and doctor.returncode != 0
            doctor = subprocess.Popen([sys.executable, "-c", CHECK, path], text=True)
            doctored += 1
    answers = [json.loads(reader.communicate()[0]) for reader in readers]
    for writer in writers:
        writer.kill()
        writer.reported()
    if doctor is not None:
        bad += doctor.wait() != 0
    return figures(path, writers, answers, doctored, bad)


CHECK = """
import sys
from knnife import Space
with Space.open(sys.argv[1], read_only=True) as space:
    faults = space.info(check=True).faults
    if faults:
        sys.exit("; ".join(faults))
"""


def figures(
    path: str, writers: list[Writer], answers: list[dict[str, Any]], doctored: int, bad: int
) -> list[tuple[str, float, str]]:
    for answer in answers:
        for wrong in answer["wrong"]:
            print(wrong, file=sys.stderr)
    growth = max(answer["late"] / max(1, answer["early"]) for answer in answers)
    with Space.open(path) as space:
        held = len(space)
    return [
        ("things at the end", held, "things"),
        ("answers", sum(answer["asked"] for answer in answers), "questions"),
        ("wrong answers", sum(answer["count"] for answer in answers), "answers"),
        ("lost", lost(path, writers), "things"),
        ("kills", sum(writer.kills for writer in writers), "kills"),
        ("whole checks", doctored, "checks"),
        ("whole checks that found something", bad, "checks"),
        ("memory of readers, end against beginning", growth, "times"),
    ]


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        write(sys.argv[2], *map(int, sys.argv[3:]))
    elif sys.argv[1:2] == ["read"]:
        read(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
    else:
        main()
