"""Questions that people ask of things in space: one file each, one public function each.

`knnife.NAME` loads the one that is asked for; registry.py reads what each wants to know. Nothing is imported here.
"""

BUILT_IN = (  # in the order in which one meets them
    "duplicates",
    "verify",
    "outliers",
    "drift",
    "classify",
    "clusters",
    "match",
    "typos",
    "faces",
    "recommend",
    "similarity",
    "doctor",
    "changes",
    "evaluate",
    "evaluate_words",
    "evaluate_recommend",
    "analogy",
)
