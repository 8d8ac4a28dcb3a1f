"""`python -m bench [--quick] [--json]`: every script, one after the other; nothing else should run meanwhile."""

from __future__ import annotations

import subprocess
import sys

SCRIPTS = [
    "startup",
    "encode",
    "minilm",
    "ingest",
    "near",
    "engines",
    "search",
    "scripts",
    "similarity",
    "retrieval",
    "intent",
]
SCRIPTS += ["intent", "duplicates", "outliers", "drift", "classify", "clusters", "features"]
SCRIPTS += ["train_words", "word_files", "words", "typos", "matching", "matching_tables", "joining"]
SCRIPTS += ["copies", "pictures", "faces", "rates"]

for script in SCRIPTS:
    print(f"# {script}", file=sys.stderr, flush=True)
    if subprocess.run([sys.executable, "-m", f"bench.{script}", *sys.argv[1:]], check=False).returncode:
        sys.exit(f"bench.{script} failed")
