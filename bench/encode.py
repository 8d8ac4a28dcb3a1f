"""Texts into vectors: how many a second, how long one query takes, how long it takes to load the model.

Sentences of 19 words and passages of 150 words on average, from the corpus. "Words known" is the second time that an
encoder reads them; "first sight" is an encoder just loaded, which has not read a word of them. The rivals load the same
model (model2vec), or only split the texts into tokens (tokenizers). The models that are networks run on fewer texts.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import islice

from bench import data
from bench.report import Report, called, interleaved, options
from knnife.encoders import load_encoder, minilm, static, wordpiece

Run = Callable[[list[str]], object]
SEED = 0
QUERY = ["a heist goes wrong"]


def main() -> None:
    arguments = options(__doc__ or "").parse_args()
    report = Report("encode", as_json=arguments.json)
    report.note(f"kernels: {wordpiece.KERNELS}")
    n, repeats = (10_000, 3) if arguments.quick else (50_000, 7)
    works = {"sentences": sentences(n), "passages": passages(n // 7)}
    for work, texts in works.items():
        report.note(f"{len(texts):,} {work} of {sum(len(text.split()) for text in texts) / len(texts):.1f} words")
        rates(report, work, texts, repeats, {"knnife": load_encoder("english").encode, **rivals()})
        rates(report, f"{work}, first sight", texts, repeats, {"knnife": unread(repeats), **rivals()})
    if not arguments.quick:
        for work, texts in works.items():
            rates(report, work, texts[: 1000 if work == "sentences" else 150], 3, networks())
    waits(report, repeats)
    report.close()


def sentences(n: int) -> list[str]:
    """Random sentences of at least ten words."""
    pool = [text for text in islice(data.sentences(), 20 * n) if len(text.split()) >= 10]
    return random.Random(SEED).sample(pool, n)


def passages(n: int) -> list[str]:
    """The first passages of 100 to 200 words."""
    found: list[str] = []
    draw = random.Random(SEED)
    for text in data._texts():
        parts = text.split()
        while len(parts) >= 200 and len(found) < n:
            size = draw.randint(100, 200)
            found.append(" ".join(parts[:size]))
            parts = parts[size:]
        if len(found) == n:
            break
    return found


def unread(repeats: int) -> Run:
    """Encodes with a model that was loaded just before, and has not read a word: another one each time."""
    fresh = iter([static.english() for _ in range(repeats)])
    return lambda texts: next(fresh).encode(texts)


def rates(report: Report, work: str, texts: list[str], repeats: int, runs: dict[str, Run]) -> None:
    if "first sight" not in work:
        for run in runs.values():
            run(texts)  # processes started, words known
    seconds = interleaved({who: lambda run=run: run(texts) for who, run in runs.items()}, repeats)
    for who, taken in seconds.items():
        report.add(work, who, len(texts) / taken, "texts/s")


def rivals() -> dict[str, Run]:
    """What else reads the same texts with the same model; what is not installed is left out."""
    runs: dict[str, Run] = {}
    if (who := called("model2vec")) is not None:
        from model2vec import StaticModel

        runs[who] = StaticModel.from_pretrained(static.english_folder()).encode
    if (who := called("tokenizers")) is not None:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(static.english_folder() / "tokenizer.json"))
        runs[f"{who} alone"] = lambda texts: tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    return runs


def networks() -> dict[str, Run]:
    """The sentence model that comes with knnife, and the same network as others run it."""
    runs: dict[str, Run] = {"knnife minilm": load_encoder("minilm").encode}
    from bench import minilm as others

    for name, make in {"fp32": others.float32, "dynamic int8": others.dynamic}.items():
        try:
            runs[f"{called('onnxruntime')} {name}"] = make()
        except ImportError:
            continue
    return runs


def waits(report: Report, repeats: int) -> None:
    """One short query, warm, and the loading of the model."""
    encoder = load_encoder("english")
    network = load_encoder("minilm")
    runs: dict[str, Callable[[], object]] = {
        "knnife": lambda: encoder.encode(QUERY),
        "knnife minilm": lambda: network.encode(QUERY),
    }
    for who, run in runs.items():  # one after the other: a network between two queries would empty the caches
        run()
        report.add("one short query, warm", who, 1e3 * interleaved({who: run}, 100 * repeats)[who], "ms")
    for who, load in {"knnife": static.english, "knnife minilm": minilm.minilm}.items():
        report.add("load", who, 1e3 * interleaved({who: load}, 3 * repeats)[who], "ms")


if __name__ == "__main__":
    main()
