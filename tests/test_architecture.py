"""The walls of docs/architecture.md: who may import whom, how large things may grow, what an import costs."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import sysconfig
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from knnife.encoders import wordpiece
from knnife.tools.registry import BUILT_IN
from tests.source import (
    FILES,
    MODULES,
    SOURCE,
    cycles,
    functions,
    homes,
    imports,
    module,
    name,
    neighbours,
    nodes,
    text,
    top_level,
)

LAYERS = [
    "_kernels",
    "_minilm",
    "_taste",
    "_word2vec",
    "errors",
    "threads",
    "output_kinds",
    "outputs",
    "geometry",
    "statistics",
    "things",
    "spelling",
    "encoders",
    "testing",
    "space",
    "tools",
    "interfaces",
]
ENCODER_FILES = (
    "adapted",
    "copies",
    "onnx_faces",
    "faces",
    "minilm",
    "onnx",
    "onnx_pictures",
    "openai",
    "rows",
    "scenes",
    "sentence_transformers",
    "static",
    "taste",
    "topics",
    "whitened",
    "word_vectors",
)
# An optional package, or one with a single door, and the only files that may import it.
FEATURES = {f"interfaces/features/{each.name}" for each in (SOURCE / "interfaces" / "features").glob("*.py")}
WRAPPERS = {
    "PIL": {"things/pixels.py"},
    "pi_heif": {"things/pixels.py"},
    "cv2": {"encoders/opencv.py"},
    "sklearn": FEATURES,
    "pyarrow": {"things/arrow.py", "interfaces/cli/writers.py"},
    "faiss": {
        "space/index/cache_file.py",
        "space/index/codes.py",
        "space/index/exact.py",
        "statistics/kmeans.py",
    },
    "tokenizers": {
        "encoders/tokenizing.py",
        "encoders/wordpiece.py",
    },
    "onnxruntime": {"encoders/graph.py"},
    "safetensors": {"encoders/_words/training_loop.py", "encoders/tensors.py"},
    "sentence_transformers": {"encoders/sentence_transformers.py"},
    "transformers": {"encoders/sentence_transformers.py"},
    "urllib": {"encoders/network.py"},  # the one door to the network
    "http": {"encoders/network.py"},
}
NEVER = {"pickle", "torch", "pandas", "polars", "requests", "httpx", "aiohttp", "huggingface_hub", "socket"}
# Only the verbs and their answers are seen from outside; a store is opened by its address, and seen by nobody.
STORES = [f"knnife.space.{each}" for each in ("sqlite", "memory")]
TOOLS = [path for path in FILES if name(path).startswith("tools/")]
QUESTIONS = [SOURCE / "tools" / f"{each}.py" for each in BUILT_IN]


def holds(breaches: Iterable[str]) -> None:
    """There are none."""
    found = sorted(set(breaches))
    assert not found, "breaks a wall:\n" + "\n".join(found)


def breaking(allowed: Callable[[Path, str], bool], paths: Iterable[Path] = FILES) -> Iterator[str]:
    """`file imports module`, for every import that is not allowed."""
    for path in paths:
        yield from (f"{name(path)} imports {each}" for each in imports(path) if not allowed(path, each))


def inside(path: Path, *packages: str) -> bool:
    return any(f"{module(path)}.".startswith(f"{package}.") for package in packages)


def test_a_file_imports_only_what_stands_to_its_left() -> None:
    def allowed(path: Path, other: str) -> bool:
        if not other.startswith("knnife."):
            return True
        own = LAYERS.index(module(path).split(".")[1])
        return other.split(".")[1] in [*LAYERS[: own + 1], "__version__"]

    # but for the public names, which are loaded when they are asked for, and `python -m knnife`
    holds(breaking(allowed, [path for path in FILES if name(path) not in ("__init__.py", "__main__.py")]))


def test_the_suites_for_others_are_not_imported_here() -> None:
    holds(breaking(lambda path, other: inside(path, "knnife.testing") or not f"{other}.".startswith("knnife.testing.")))


def test_only_the_loader_knows_the_encoders() -> None:
    """Not each other, and nobody beyond: encoders come and go without anything else being changed."""
    encoders = [["knnife", "encoders", each] for each in ENCODER_FILES]
    loaders = ("encoders/loading.py", "encoders/model_folders.py", "__init__.py")
    trainers = ("_faces/face_training.py", "_recommend/training.py", "_evaluate_recommend/recommenders.py")
    knowing = (*loaders, *(f"tools/{each}" for each in trainers))
    others = [path for path in FILES if name(path) not in knowing]
    holds(breaking(lambda path, other: other.split(".")[:3] not in encoders, others))


def test_every_encoder_is_behind_that_wall() -> None:
    found = []
    for path in (SOURCE / "encoders").glob("*.py"):
        classes = [node.name for node in top_level(path) if isinstance(node, ast.ClassDef)]
        if any(each.endswith(("Encoder", "WordVectors", "Taste")) and each != "Encoder" for each in classes):
            found.append(path.stem)
    assert sorted(found) == sorted(ENCODER_FILES)


def test_tools_do_not_import_each_other() -> None:
    def allowed(path: Path, other: str) -> bool:
        own = path.relative_to(SOURCE / "tools").parts[0].removesuffix(".py").strip("_")  # evaluate.py, _evaluate/*.py
        parts = other.split(".")
        return parts[:2] != ["knnife", "tools"] or len(parts) == 2 or parts[2].strip("_") == own or parts[2].isupper()

    holds(breaking(allowed, [path for path in TOOLS if name(path) != "tools/__init__.py"]))


def test_outside_packages_are_imported_only_where_they_are_wrapped() -> None:
    def allowed(path: Path, other: str) -> bool:
        package = other.split(".")[0]
        return package not in NEVER and (package not in WRAPPERS or name(path) in WRAPPERS[package])

    holds(breaking(allowed))


def test_one_folder_speaks_to_sqlite() -> None:
    """Beside the user's cache of vectors, which is no space."""
    rooms = ("knnife.space.sqlite", "knnife.encoders.vector_cache")
    found = {name(path) for path in FILES if "sqlite3" in imports(path) and not inside(path, *rooms)}
    holds(found)


def test_what_is_in_a_private_folder_is_imported_only_beside_it() -> None:
    found = set()
    for path in FILES:
        for other in neighbours(path) if name(path) != "__init__.py" else ():
            parts = other.split(".")
            for depth, part in enumerate(parts):
                if part.startswith("_") and not inside(path, ".".join(parts[:depth])):
                    found.add(f"{name(path)} imports {'.'.join(parts[: depth + 1])}")
    holds(found)


def test_nobody_sees_a_store() -> None:
    """The verbs know protocols, and no store another; opening.py alone knows which there are."""
    found = set()
    for path in (path for path in FILES if name(path) != "space/opening.py"):
        for store in STORES:
            if not inside(path, store) and any(f"{each}.".startswith(f"{store}.") for each in imports(path)):
                found.add(name(path))
    holds(found)


def test_neighbours_in_memory_know_nothing_of_spaces() -> None:
    index = "knnife.space.index"
    found = breaking(
        lambda path, other: not f"{other}.".startswith("knnife.space.") or f"{other}.".startswith(f"{index}."),
        [path for path in FILES if inside(path, index)],
    )
    holds(found)


def test_no_file_imports_itself_by_way_of_others() -> None:
    """Imports inside functions and for type checkers count: who reads one file of a circle has to read them all."""
    graph = {module(path): neighbours(path) for path in FILES if name(path) != "__init__.py"}
    found = cycles(graph)
    print(*(" <-> ".join(group) for group in found), sep="\n")
    holds({name(MODULES[each]) for group in found for each in group})


def test_no_two_classes_have_one_name() -> None:
    def classes(path: Path) -> Iterator[str]:
        yield from (node.name for node in nodes(path) if isinstance(node, ast.ClassDef))

    holds({each for each, files in homes(classes).items() if len(files) > 1})


def test_no_file_name_occurs_three_times() -> None:
    """A command is named as what it asks, so the files of the command line are not counted."""
    stems = Counter(path.stem for path in FILES if not inside(path, "knnife.interfaces.cli"))
    holds({stem for stem, count in stems.items() if count > 2} - {"__init__"})


def test_only_the_table_of_kinds_knows_them_by_name() -> None:
    """Elsewhere a property of `kind(...)` says what is wanted, so that a new kind is one more entry of the table."""
    kinds = {"text", "row", "image", "face", "audio", "video", "history", "user", "item"}
    others = (
        "knnife.things.kinds",
        "knnife.space.filters",
        "knnife.tools._match",
        "knnife.encoders._rows",
    )  # kinds of columns and of tokens
    found = set()
    for path in FILES:
        for node in nodes(path):
            named = {getattr(node, each, "") for each in ("id", "attr", "name")}
            sides = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
            asked = {getattr(each, "attr", getattr(each, "id", "")) for each in sides}
            constants = {each.value for side in sides for each in ast.walk(side) if isinstance(each, ast.Constant)}
            compared = "kind" in asked and constants & kinds and not inside(path, *others)
            if compared or "PICTURES" in named:
                found.add(f"{name(path)}, line {node.lineno}")
    holds(found)


def test_files_and_functions_fit_a_few_screens() -> None:
    holds(f"{name(path)}: more than 300 lines" for path in FILES if len(text(path).splitlines()) > 300)
    holds(
        f"{name(path)}: {function.name} has {lines} lines"
        for path in FILES
        for function, lines in functions(path)
        if lines > 50
    )


def test_nine_functions_in_ten_fit_half_a_screen() -> None:
    sizes = [lines for path in FILES for _, lines in functions(path)]
    assert sum(size <= 25 for size in sizes) >= 0.9 * len(sizes)


@pytest.mark.parametrize("path", QUESTIONS, ids=name)
def test_a_tool_is_one_public_function_and_one_answer(path: Path) -> None:
    defined = top_level(path)
    functions = [n.name for n in defined if isinstance(n, ast.FunctionDef) and not n.name.startswith("_")]
    classes = [n for n in defined if isinstance(n, ast.ClassDef) and not n.name.startswith("_")]
    assert functions == [path.stem]
    assert len(classes) == 1
    assert "rows" in {n.name for n in classes[0].body if isinstance(n, ast.FunctionDef)}


@pytest.mark.parametrize("path", QUESTIONS, ids=name)
def test_every_tool_has_a_page_and_an_example(path: Path) -> None:
    root = SOURCE.parents[1]
    assert (root / "docs" / f"{path.stem}.md").exists()
    assert (root / "examples" / f"{path.stem}.py").exists()


def loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sorted(sys.modules))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = {
        "faiss",
        "tokenizers",
        "safetensors",
        "click",
        "rich",
        "pyarrow",
        "pandas",
        "polars",
        "sklearn",
        "sqlite3",
        "asyncio",
    }
    assert not loaded_by("import knnife") & heavy
    assert not loaded_by("import knnife; knnife.Space") & (heavy - {"sqlite3", "faiss"})


@pytest.mark.parametrize(
    "statement", ["import knnife", "import knnife; knnife.load_encoder('english').encode(['a car'])"]
)
def test_what_is_built_in_loads_nothing_that_could_reach_a_network(statement: str) -> None:
    doors = {"socket", "_socket", "ssl", "http", "urllib.request", "asyncio", "huggingface_hub", "onnxruntime", "torch"}
    assert not loaded_by(statement) & doors


def test_the_warning_of_a_missing_wall() -> None:
    """The lists above name real files: a wrapper that was moved must be moved here too, and so must a room."""
    holds(f"{file} is not there" for files in WRAPPERS.values() for file in files if not (SOURCE / file).exists())
    assert {"knnife.space.sqlite", "knnife.space.index", "knnife.encoders.vector_cache"} <= MODULES.keys()


def test_a_circle_is_found() -> None:
    none: frozenset[str] = frozenset()
    graph = {"a": frozenset("b"), "b": frozenset("c"), "c": frozenset("bd"), "d": none, "e": frozenset("ae"), "f": none}
    assert cycles(graph) == [["b", "c"]]


def test_where_there_is_a_compiler_the_code_is_compiled() -> None:
    """Otherwise a fault in the C file would go unseen: the installation goes through, and other tests skip."""
    if shutil.which("cc") is None or not Path(sysconfig.get_path("include"), "Python.h").exists():
        pytest.skip("no C compiler here, or no headers of Python")
    assert wordpiece.KERNELS.startswith("compiled")
