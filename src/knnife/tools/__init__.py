"""Questions that people ask of things in space: one file each, one public function each."""

from __future__ import annotations

from knnife.tools._drift.monitor import DriftMonitor, Look
from knnife.tools._duplicates.groups import Group
from knnife.tools._duplicates.seen import Copy, Seen
from knnife.tools._evaluate.stopped import Stopped
from knnife.tools.changes import Changes, changes
from knnife.tools.classify import Classes, classify
from knnife.tools.clusters import Clusters, clusters
from knnife.tools.doctor import Checkup, doctor
from knnife.tools.drift import Drift, drift
from knnife.tools.duplicates import Duplicates, duplicates
from knnife.tools.evaluate import Evaluation, evaluate
from knnife.tools.outliers import Outliers, outliers
from knnife.tools.similarity import Similarity, similarity

__all__ = [
    "Changes",
    "Checkup",
    "Classes",
    "Clusters",
    "Copy",
    "Drift",
    "DriftMonitor",
    "Duplicates",
    "Evaluation",
    "Group",
    "Look",
    "Outliers",
    "Seen",
    "Similarity",
    "Stopped",
    "changes",
    "classify",
    "clusters",
    "doctor",
    "drift",
    "duplicates",
    "evaluate",
    "outliers",
    "similarity",
]
