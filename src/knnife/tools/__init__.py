"""Questions that people ask of things in space: one file each, one public function each."""

from __future__ import annotations

from knnife.tools._evaluate.stopped import Stopped
from knnife.tools.changes import Changes, changes
from knnife.tools.doctor import Checkup, doctor
from knnife.tools.evaluate import Evaluation, evaluate
from knnife.tools.similarity import Similarity, similarity

__all__ = ["Changes", "Checkup", "Evaluation", "Similarity", "Stopped", "changes", "doctor", "evaluate", "similarity"]
