"""The licence of a face model, by the hash of its file: what a file was is not written in it.

The user sees this before a model is used. Of a file that is not known here nothing is said, and nothing assumed.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

CASCADE: Final = "BSD-3-Clause style (Intel License Agreement For Open Source Computer Vision Library)"
_YUNET: Final = "Apache-2.0 (github.com/ShiqiYu/libfacedetection.train)"
_ULTRAFACE: Final = "MIT (github.com/Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB)"
_ZOO_YUNET: Final = "MIT (github.com/opencv/opencv_zoo, face_detection_yunet)"
_ZOO_SFACE: Final = "Apache-2.0 (github.com/opencv/opencv_zoo, face_recognition_sface)"
_KNOWN: Final = {  # SHA-256 of the file -> licence of the weights and where it is stated
    "81dbde155e982455488235acb8ec2dec5d647edf7cf7080d33e4abb69b93a0d2": _YUNET,  # yunet_n_320_320.onnx
    "104ee26c71d5c270ce79a6b3dced91c91013260d29a6bf18f9296c5b8c4c2b12": _YUNET,  # yunet_n_dynamic.onnx
    "34cd7e60aeff28744c657de7a3dc64e872d506741de66987f3426f2b79f88017": _ULTRAFACE,  # version-RFB-320.onnx
    "e9adbd0f920ddcce9368434c4d34d72520dc0c19b526fd44b4ef49bde2c3b1a8": _ULTRAFACE,  # version-slim-320.onnx
    "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4": _ZOO_YUNET,  # yunet_2023mar.onnx
    "0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79": _ZOO_SFACE,  # sface_2021dec.onnx
}


def licence(path: Path) -> str:
    """The licence of the weights in this file, "" where the file is not one that is known."""
    with path.open("rb") as file:
        return _KNOWN.get(hashlib.file_digest(file, "sha256").hexdigest(), "")
