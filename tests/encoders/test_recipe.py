from __future__ import annotations

import json
import os

import pytest
from tests.networks import write_json

from knnife.encoders.recipe import Recipe
from knnife.errors import BadInput

STEPS = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
]
MEAN = {"word_embedding_dimension": 384, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True}
BERT = {"model_type": "bert", "max_position_embeddings": 512}


def read(folder, **files) -> Recipe:
    """The recipe of a folder with these files; "1_Pooling/config.json" is called pooling here."""
    names = {
        "modules": "modules.json",
        "pooling": "1_Pooling/config.json",
        "prompts": "config_sentence_transformers.json",
        "bert": "sentence_bert_config.json",
        "roberta": "sentence_roberta_config.json",
        "tokenizer": "tokenizer_config.json",
        "config": "config.json",
    }
    for name, content in files.items():
        write_json(folder, names[name], content)
    return Recipe.read(folder)


def test_the_recipe_of_a_whole_model(tmp_path):
    found = read(
        tmp_path,
        modules=STEPS,
        pooling=MEAN,
        prompts={"prompts": {"query": "query: ", "passage": "passage: "}, "default_prompt_name": None},
        bert={"max_seq_length": 256, "do_lower_case": False},
        tokenizer={"model_max_length": 512},
        config=BERT,
    )
    assert found == Recipe("mean", True, "query: ", "passage: ", 256, False, ())


def test_without_any_file_the_mean_of_length_one_is_assumed(tmp_path):
    assert read(tmp_path) == Recipe("mean", True, "", "", None, False, ())


def test_without_a_normalize_step_vectors_keep_their_length(tmp_path):
    assert not read(tmp_path, modules=STEPS[:2], pooling=MEAN).normalize


@pytest.mark.parametrize(
    ("config", "pooling"),
    [
        ({"pooling_mode_mean_tokens": True}, "mean"),
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, "cls"),
        ({"pooling_mode_max_tokens": True}, "max"),
        ({"pooling_mode_lasttoken": True}, "last"),
        ({"pooling_mode": "cls", "embedding_dimension": 384}, "cls"),  # as since sentence-transformers 5.4
        ({"pooling_mode": ["lasttoken"]}, "last"),
        ({}, "mean"),
    ],
)
def test_the_pooling_is_that_of_its_file_with_or_without_modules(tmp_path, config, pooling):
    assert read(tmp_path, pooling=config).pooling == pooling
    assert read(tmp_path, modules=STEPS, pooling=config).pooling == pooling


def test_the_pooling_may_lie_elsewhere(tmp_path):
    write_json(tmp_path, "deep/er/config.json", {"pooling_mode_cls_token": True})
    assert read(tmp_path, modules=[STEPS[0], {**STEPS[1], "path": "deep/er"}]).pooling == "cls"


@pytest.mark.parametrize(
    ("prompts", "query", "passage"),
    [
        ({"query": "q: ", "document": "d: "}, "q: ", "d: "),
        ({"query": "q: "}, "q: ", ""),
        ({"query": "q: ", "corpus": "c: ", "document": "d: "}, "q: ", "d: "),
        ({"web_search": "w: "}, "", ""),
        ({}, "", ""),
        (None, "", ""),
    ],
)
def test_prefixes_are_the_prompts_for_queries_and_documents(tmp_path, prompts, query, passage):
    found = read(tmp_path, prompts={"prompts": prompts})
    assert (found.query_prefix, found.passage_prefix) == (query, passage)


def test_the_default_prompt_stands_in_for_those_that_are_missing(tmp_path):
    found = read(tmp_path, prompts={"prompts": {"any": "a: ", "query": "q: "}, "default_prompt_name": "any"})
    assert (found.query_prefix, found.passage_prefix) == ("q: ", "a: ")


@pytest.mark.parametrize(
    ("files", "length"),
    [
        ({"bert": {"max_seq_length": 256}}, 256),
        ({"roberta": {"max_seq_length": 200}}, 200),
        ({"bert": {"max_seq_length": None}, "tokenizer": {"model_max_length": 300}}, 300),
        ({"tokenizer": {"model_max_length": 1e30}}, None),  # what tokenizers without a limit write
        ({"tokenizer": {"model_max_length": 1e30}, "config": BERT}, 512),
        ({"bert": {"max_seq_length": 8192}, "config": BERT}, 512),  # the network has no more positions
        ({"config": {"model_type": "xlm-roberta", "max_position_embeddings": 514}}, 512),
    ],
)
def test_the_longest_input_is_what_every_part_can_read(tmp_path, files, length):
    assert read(tmp_path, **files).max_tokens == length


def test_the_network_may_lie_in_a_folder_of_its_own(tmp_path):
    write_json(tmp_path, "0_Transformer/sentence_bert_config.json", {"max_seq_length": 77, "do_lower_case": True})
    found = read(tmp_path, modules=[{**STEPS[0], "path": "0_Transformer"}, STEPS[1]], pooling=MEAN)
    assert (found.max_tokens, found.lowercase) == (77, True)


@pytest.mark.parametrize(
    ("files", "beyond"),
    [
        ({"modules": [*STEPS, {"path": "3_Dense", "type": "sentence_transformers.models.Dense"}]}, ("Dense",)),
        ({"pooling": {"pooling_mode_weightedmean_tokens": True}}, ("pooling weightedmean_tokens",)),
        (
            {"pooling": {"pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": True}},
            ("pooling mean_tokens and max_tokens",),
        ),
        ({"pooling": {"pooling_mode": "mean", "include_prompt": False}}, ("pooling without the prompt",)),
    ],
)
def test_steps_that_knnife_does_not_do_are_named(tmp_path, files, beyond):
    assert read(tmp_path, **{"pooling": MEAN, **files}).beyond == beyond


def test_recipes_that_differ_are_described_differently(tmp_path):
    recipes = [
        Recipe(),
        Recipe(pooling="cls"),
        Recipe(normalize=False),
        Recipe(query_prefix="a"),
        Recipe(passage_prefix="a"),
        Recipe(max_tokens=3),
        Recipe(lowercase=True),
        Recipe(beyond=("Dense",)),
    ]
    assert len({recipe.describe() for recipe in recipes}) == len(recipes)
    assert Recipe().describe() == Recipe().describe()


WRONG = [
    ({"modules": {}}, "modules.json: expected a list of modules"),
    ({"modules": []}, "modules.json: expected a list of modules"),
    ({"modules": [1]}, "modules.json: expected modules such as"),
    ({"modules": [{"path": "x"}]}, "modules.json: expected modules such as"),
    ({"modules": [{**STEPS[0], "path": "../elsewhere"}]}, "inside that of the model"),
    ({"modules": [{**STEPS[0], "path": "/etc"}]}, "inside that of the model"),
    ({"modules": [{**STEPS[0], "path": 3}]}, "inside that of the model"),
    ({"modules": [STEPS[0], STEPS[0]]}, "two modules of the kind Transformer"),
    ({"modules": STEPS}, "1_Pooling/config.json: is missing, although modules.json names it"),
    ({"pooling": [1]}, "1_Pooling/config.json: expected a JSON object"),
    ({"pooling": {"pooling_mode_mean_tokens": "yes"}}, "pooling_mode_mean_tokens is 'yes'; expected true or false"),
    ({"pooling": {"pooling_mode_mean_tokens": False}}, "every pooling_mode is false"),
    ({"pooling": {"pooling_mode": 7}}, "pooling_mode is 7"),
    ({"prompts": {"prompts": ["a"]}}, "prompts is ['a']; expected texts by name"),
    ({"prompts": {"prompts": {"query": 1}}}, "expected texts by name"),
    ({"prompts": {"default_prompt_name": "x"}}, "default_prompt_name is 'x', which is none of []"),
    ({"prompts": {"default_prompt_name": []}}, "default_prompt_name is []"),
    ({"bert": {"max_seq_length": 0}}, "sentence_bert_config.json: max_seq_length is 0; expected a positive whole"),
    ({"bert": {"max_seq_length": "256"}}, "max_seq_length is '256'"),
    ({"bert": {"max_seq_length": True}}, "max_seq_length is True"),
    ({"bert": {"max_seq_length": 2.5}}, "max_seq_length is 2.5"),
    ({"bert": {"max_seq_length": float("nan")}}, "max_seq_length is nan"),
    ({"bert": {"do_lower_case": "no"}}, "do_lower_case is 'no'"),
    ({"tokenizer": {"model_max_length": -1}}, "tokenizer_config.json: model_max_length is -1"),
    ({"config": {"model_type": "mpnet", "max_position_embeddings": 2}}, "the first 2 belong to the padding"),
]


@pytest.mark.parametrize(("files", "message"), WRONG, ids=[message for _, message in WRONG])
def test_files_that_make_no_sense_are_refused_by_name(tmp_path, files, message):
    with pytest.raises(BadInput) as raised:
        read(tmp_path, **files)
    assert message in str(raised.value)
    assert str(tmp_path) in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000], ids=["empty", "half", "binary", "deep"])
def test_a_file_that_is_no_json_is_refused_by_name(tmp_path, content):
    (tmp_path / "modules.json").write_bytes(content)
    with pytest.raises(BadInput, match=r"modules\.json: cannot be read as JSON .*get the model's files again"):
        Recipe.read(tmp_path)


def test_what_a_message_shows_of_a_file_is_short(tmp_path):
    write_json(tmp_path, "sentence_bert_config.json", {"max_seq_length": "9" * 10_000})
    with pytest.raises(BadInput) as raised:
        Recipe.read(tmp_path)
    assert len(str(raised.value)) < 300 + len(str(tmp_path))


def test_links_of_a_hub_cache_are_followed(tmp_path):
    (tmp_path / "blob").write_text(json.dumps({"max_seq_length": 5}))
    (tmp_path / "snapshot").mkdir()
    os.symlink(tmp_path / "blob", tmp_path / "snapshot" / "sentence_bert_config.json")
    assert Recipe.read(tmp_path / "snapshot").max_tokens == 5
