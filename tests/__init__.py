"""The tests. What libraries read when they are loaded is set here, before any of them is."""

from __future__ import annotations

import os
import tempfile

if "PYTEST_CURRENT_TEST" not in os.environ:  # a process that a test starts has the cache that the test gave it
    os.environ["KNNIFE_CACHE"] = "off"  # no test writes into the home of whoever runs it
    os.environ["KNNIFE_TRUST"] = os.path.join(tempfile.gettempdir(), f"knnife-tests-{os.getpid()}", "trusted.jsonl")
if "PYTEST_XDIST_WORKER" in os.environ:  # a worker has one core: with all of them each, they would wait for each other
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
