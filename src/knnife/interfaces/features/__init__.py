"""Transformers and estimators for scikit-learn's pipelines, over the encoders and the tools.

They keep to scikit-learn's rules: `__init__` stores parameters, `fit` learns and returns itself, what was learned ends
in "_". This is the only package that knows scikit-learn, and nothing imports it before one of its names is used.
"""

from __future__ import annotations

from knnife.errors import MissingPackage

try:
    import sklearn.utils.validation as _validation

    _validation.validate_data  # noqa: B018 - scikit-learn 1.6 brought it, together with the tags
except (ImportError, AttributeError) as error:
    raise MissingPackage("scikit-learn>=1.6", "sklearn", "knnife in a scikit-learn pipeline") from error

from knnife.interfaces.features.embed import Embed
from knnife.interfaces.features.embed_rows import EmbedRows
from knnife.interfaces.features.nearest_classifier import NearestClassifier
from knnife.interfaces.features.outlier_detector import OutlierDetector

__all__ = ["Embed", "EmbedRows", "NearestClassifier", "OutlierDetector"]
