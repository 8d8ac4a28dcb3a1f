"""How long one waits before anything happens, and how much disk an installation takes."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.report import Report, called, interleaved, options

IMPORTS = {"knnife": "knnife", "lancedb": "lancedb", "chromadb": "chromadb", "numpy": "numpy"}


def main() -> None:
    arguments = options(__doc__ or "").parse_args()
    report = Report("startup", as_json=arguments.json)
    runs = {"python": lambda: python("pass")}
    for package, module in IMPORTS.items():
        if called(package):
            runs[package] = lambda module=module: python(f"import {module}")
    seconds = interleaved(runs, 5 if arguments.quick else 15)
    for package in IMPORTS:
        if package in seconds:
            report.add("import", called(package) or package, seconds[package] - seconds["python"], "s")
    knnife = str(Path(sys.executable).parent / "knnife")
    help_seconds = interleaved({"help": lambda: subprocess.run([knnife, "--help"], capture_output=True, check=True)}, 9)
    report.add("knnife --help", called("knnife") or "", help_seconds["help"], "s")
    for name, seconds_taken in first_answers(knnife, 3 if arguments.quick else 9).items():
        report.add(name, called("knnife") or "", seconds_taken, "s")
    if not arguments.quick:
        with tempfile.TemporaryDirectory() as folder:
            here = str(Path(__file__).parents[1])
            command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, here]
            subprocess.run(command, check=True, capture_output=True)
            size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
            report.add("installed", called("knnife") or "", size / 1e6, "MB")
    report.close()


def first_answers(knnife: str, repeats: int) -> dict[str, float]:
    """The median seconds of `knnife search`, a process each: to a space that was never asked, and asked once more."""
    question = "split a path into folder and file name"
    seconds: dict[str, list[float]] = {"first answer": [], "asked again": []}
    with tempfile.TemporaryDirectory() as folder:
        new = Path(folder, "new.knnife")
        subprocess.run([knnife, "add", str(new), "python:stdlib"], check=True, capture_output=True)
        for _ in range(repeats):
            for file in Path(folder).glob("asked.knnife*"):
                file.unlink()
            for file in Path(folder).glob("new.knnife*"):
                shutil.copy(file, file.with_name(file.name.replace("new", "asked")))
            for taken in seconds.values():
                began = time.perf_counter()
                command = [knnife, "search", str(new.with_name("asked.knnife")), question, "-k", "3"]
                subprocess.run(command, check=True, capture_output=True)
                taken.append(time.perf_counter() - began)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


if __name__ == "__main__":
    main()
