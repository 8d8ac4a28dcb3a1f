"""What a sentence model does around its network, read from the model's own files.

A network gives a state for every token. The recipe says the rest: the words put before a text, how many tokens are
read, how the states become one vector, whether that is scaled to length 1. It is part of the fingerprint. Models say it
in the files of sentence-transformers (sbert.net), of which each may be missing:

    modules.json                          the steps: Transformer, Pooling, Normalize, now and then a Dense
    1_Pooling/config.json                 which states count
    config_sentence_transformers.json     "prompts": what is put before queries and before documents
    sentence_bert_config.json             "max_seq_length", "do_lower_case"
    tokenizer_config.json, config.json    "model_max_length" and "max_position_embeddings", which bound the length

A folder with none of them (a bare network) is assumed to want the mean of its states, scaled to length 1, without
prefixes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from knnife.errors import BadInput

Pooling = Literal["mean", "cls", "max", "last"]

_POOLING: dict[str, Pooling] = {  # what sentence-transformers calls them, before and since its version 5.4
    "mean_tokens": "mean",
    "cls_token": "cls",
    "max_tokens": "max",
    "lasttoken": "last",
    "mean": "mean",
    "cls": "cls",
    "max": "max",
}
_PASSAGES = ("document", "passage", "corpus")  # what models call the prompt of what is searched
_COUNTING_FROM_PAD = ("roberta", "xlm-roberta", "camembert", "mpnet")  # their positions begin after the padding's,
_PAD = 1  # which is the number of that token in all of them
_MOST_TOKENS = 1 << 24  # tokenizers without a limit of their own say 1e30


@dataclass(frozen=True)
class Recipe:
    """What is done before and after the network.

    pooling: the mean or the largest of the states of all tokens, or the state of the first or of the last.
    normalize: whether vectors are scaled to length 1.
    query_prefix, passage_prefix: what is put before a text.
    max_tokens: how many tokens are read, special ones counted; None without limit.
    lowercase: whether a text is put into small letters before it is split.
    beyond: steps that only sentence-transformers itself can do, by name; such as "Dense".
    """

    pooling: Pooling = "mean"
    normalize: bool = True
    query_prefix: str = ""
    passage_prefix: str = ""
    max_tokens: int | None = None
    lowercase: bool = False
    beyond: tuple[str, ...] = ()

    @classmethod
    def read(cls, folder: str | Path) -> Recipe:
        """The recipe of the model in `folder`. Raises BadInput, naming the file, when one cannot be understood."""
        folder = Path(folder)
        steps = _steps(folder)
        network = folder / steps.get("Transformer", ".")
        pooling, odd = _pooling(folder / steps.get("Pooling", "1_Pooling") / "config.json", needed="Pooling" in steps)
        query, passage = _prefixes(folder / "config_sentence_transformers.json")
        length, lowercase = _bert_config(network)
        return cls(
            pooling=pooling,
            normalize="Normalize" in steps or not steps,
            query_prefix=query,
            passage_prefix=passage,
            max_tokens=min((n for n in (length, *_bounds(network)) if n is not None), default=None),
            lowercase=lowercase,
            beyond=(*odd, *(step for step in steps if step not in ("Transformer", "Pooling", "Normalize"))),
        )

    def describe(self) -> str:
        """The recipe as one line of JSON, the same everywhere: for fingerprints."""
        return json.dumps(asdict(self), sort_keys=True)


def _steps(folder: Path) -> dict[str, str]:
    """The steps of modules.json in order: the last part of each type, and its folder. Empty without the file."""
    path = folder / "modules.json"
    if not path.exists():
        return {}
    steps = _json(path)
    if not isinstance(steps, list) or not steps:
        raise BadInput(f"{path}: expected a list of modules, got {_short(steps)}")
    found: dict[str, str] = {}
    for step in steps:
        if not isinstance(step, dict) or not isinstance(step.get("type"), str):
            raise BadInput(f'{path}: expected modules such as {{"path": "1_Pooling", "type": "…"}}, got {_short(step)}')
        kind, place = step["type"].rpartition(".")[2], step.get("path", "")
        if not isinstance(place, str) or PurePosixPath(place).is_absolute() or ".." in Path(place).parts:
            raise BadInput(f"{path}: the path of {kind} is {_short(place)}; expected a folder inside that of the model")
        if kind in found:
            raise BadInput(f"{path}: two modules of the kind {kind}; expected one")
        found[kind] = place
    return found


def _pooling(path: Path, *, needed: bool) -> tuple[Pooling, tuple[str, ...]]:
    """How the states become a vector, and which steps a model wants beyond that, which knnife does not do."""
    if needed and not path.exists():
        raise BadInput(f"{path}: is missing, although modules.json names it; get the model's files again")
    config = _object(path)
    modes: Any = config.get("pooling_mode")
    if modes is None:
        flags = {key.removeprefix("pooling_mode_"): on for key, on in config.items() if key.startswith("pooling_mode_")}
        for mode, on in flags.items():
            if not isinstance(on, bool):
                raise BadInput(f"{path}: pooling_mode_{mode} is {_short(on)}; expected true or false")
        modes = [mode for mode, on in flags.items() if on]
        if flags and not modes:
            raise BadInput(f"{path}: every pooling_mode is false; expected one of them to be true")
    elif isinstance(modes, str):
        modes = [modes]
    if not isinstance(modes, list) or not all(isinstance(mode, str) for mode in modes):
        raise BadInput(f'{path}: pooling_mode is {_short(modes)}; expected a name such as "mean"')
    odd = [f"pooling {mode}" for mode in modes if mode not in _POOLING]
    if len(modes) > 1:  # the vectors of all modes, one after the other
        odd = [f"pooling {' and '.join(modes)}"]
    if config.get("include_prompt") is False:
        odd.append("pooling without the prompt")
    return _POOLING.get(modes[0], "mean") if modes else "mean", tuple(odd)


def _prefixes(path: Path) -> tuple[str, str]:
    """What is put before queries and before passages; the default prompt where the model has none of that name."""
    config = _object(path)
    given = config.get("prompts") or {}
    if not isinstance(given, dict) or not all(isinstance(text, str) for text in given.values()):
        raise BadInput(f"{path}: prompts is {_short(given)}; expected texts by name")
    prompts: dict[str, str] = given
    default = config.get("default_prompt_name")
    if default is not None and (not isinstance(default, str) or default not in prompts):
        raise BadInput(f"{path}: default_prompt_name is {_short(default)}, which is none of {sorted(prompts)}")
    usual = prompts[default] if default is not None else ""
    passage = next((prompts[name] for name in _PASSAGES if name in prompts), usual)
    return prompts.get("query", usual), passage


def _bert_config(network: Path) -> tuple[int | None, bool]:
    """The length and the lower-casing that sentence-transformers asks for."""
    for path in sorted(network.glob("sentence_*_config.json")):  # "bert" in most, "roberta" and others in some
        config = _object(path)
        lowercase = config.get("do_lower_case", False)
        if not isinstance(lowercase, bool):
            raise BadInput(f"{path}: do_lower_case is {_short(lowercase)}; expected true or false")
        return _length(path, config, "max_seq_length"), lowercase
    return None, False


def _bounds(network: Path) -> Iterator[int | None]:
    """What the tokenizer and the network can read at most."""
    path = network / "tokenizer_config.json"
    yield _length(path, _object(path), "model_max_length")
    path = network / "config.json"
    config = _object(path)
    positions = _length(path, config, "max_position_embeddings")
    if positions is not None and config.get("model_type") in _COUNTING_FROM_PAD:
        if positions <= _PAD + 1:
            raise BadInput(
                f"{path}: max_position_embeddings is {positions}; the first {_PAD + 1} belong to the padding"
            )
        positions -= _PAD + 1
    yield positions


def _length(path: Path, config: dict[str, Any], key: str) -> int | None:
    """A positive whole number of `config`; None where there is none, or one that stands for "any"."""
    value = config.get(key)
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        if value > _MOST_TOKENS:
            return None
        if value >= 1 and value == int(value):
            return int(value)
    raise BadInput(f"{path}: {key} is {_short(value)}; expected a positive whole number")


def _object(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty when there is no such file."""
    config = _json(path) if path.exists() else {}
    if not isinstance(config, dict):
        raise BadInput(f"{path}: expected a JSON object, got {_short(config)}")
    return config


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(f"{path}: cannot be read as JSON ({error}); get the model's files again") from error


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"
