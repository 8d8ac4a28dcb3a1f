"""The sentence model all-MiniLM-L6-v2, quantised to whole numbers, for knnife: no download is needed.

import knnife
knnife.load_encoder("minilm").encode(["The first sentence.", "The second one."])      # (2, 384)
"""

from __future__ import annotations

from pathlib import Path

from knnife.encoders.onnx import OnnxEncoder

__version__ = "0.1.0"


def encoder() -> OnnxEncoder:
    """The encoder that knnife calls "minilm". Raises MissingPackage without onnxruntime."""
    return OnnxEncoder.load(folder(), name="minilm")


def folder() -> Path:
    """Where the model lies, in the format of the Hugging Face hub."""
    return Path(__file__).parent / "model"
