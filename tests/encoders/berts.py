"""Networks so small that they are made here, in the format of the hub. It takes sentence-transformers and PyTorch."""

from __future__ import annotations

import warnings
from pathlib import Path
from tempfile import mkdtemp

from knnife.encoders.sentence_transformers import SentenceTransformerEncoder

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "red", "blue", "car", "sky", "query", ":", "a", "the", "passage", "of"]
WORDS += ["sea"]
PROMPTS = {"query": "query: ", "document": "passage: "}


def save(folder: Path, *, mode: str = "mean", scaled: bool = True, dense: bool = False, prompts=PROMPTS) -> Path:
    """A BERT of two thin layers with random weights, written by the package in the format of the hub."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Dense, Normalize, Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(0)
    bare = folder.with_name(f"{folder.name}-bare")
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=40,
    )
    BertModel(config).eval().save_pretrained(bare)
    (bare / "vocab.txt").write_text("\n".join(WORDS))
    BertTokenizerFast(vocab=str(bare / "vocab.txt"), model_max_length=40).save_pretrained(bare)
    modules = [Transformer(str(bare), max_seq_length=32), Pooling(16, pooling_mode=mode)]
    modules += [Dense(16, 5)] * dense + [Normalize()] * scaled
    SentenceTransformer(modules=modules, prompts=dict(prompts), device="cpu").save(str(folder), create_model_card=False)
    return folder


def encoder() -> SentenceTransformerEncoder:
    """One of them, loaded."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch and the package have some, about each other
        return SentenceTransformerEncoder.load(save(Path(mkdtemp()) / "model"), name="small")
