"""Questions that people ask of things in space: one file each, one public function each."""

from __future__ import annotations

from knnife.tools.similarity import Similarity, similarity

__all__ = ["Similarity", "similarity"]
