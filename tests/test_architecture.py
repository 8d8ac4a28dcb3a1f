"""The walls of docs/architecture.md: who may import whom, how large things may grow, what an import costs."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import knnife
from knnife.encoders import words

SOURCE = Path(knnife.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
LAYERS = ["_kernels", "_word2vec", "errors", "geometry", "things", "encoders", "space", "tools", "interfaces"]
ENCODER_FILES = (
    "copies",
    "face_models",
    "faces",
    "onnx",
    "onnx_pictures",
    "openai",
    "rows",
    "scenes",
    "sentence_transformers",
    "static",
    "whitened",
    "word_vectors",
)
ENCODERS = [["knnife", "encoders", each] for each in ENCODER_FILES]
# An optional package, and the only files that may import it.
FEATURES = {f"interfaces/features/{each.name}" for each in (SOURCE / "interfaces" / "features").glob("*.py")}
WRAPPERS = {
    "PIL": {"things/pixels.py"},
    "pi_heif": {"things/pixels.py"},
    "cv2": {"encoders/_pictures/opencv.py"},
    "sklearn": FEATURES,
    "pyarrow": {"things/arrow.py", "interfaces/cli/writers.py"},
    "faiss": {"space/index/codes.py", "space/index/exact.py", "space/index/file.py"},
    "tokenizers": {"encoders/_pictures/wording.py", "encoders/onnx.py", "encoders/static.py", "encoders/words.py"},
    "onnxruntime": {"encoders/graph.py"},
    "safetensors": {
        "encoders/_words/checkpoints.py",
        "encoders/static.py",
        "encoders/tensors.py",
        "space/model_file.py",
        "tools/_classify/file.py",
        "tools/_typos/ranking.py",
    },
    "sentence_transformers": {"encoders/sentence_transformers.py"},
    "transformers": {"encoders/sentence_transformers.py"},
    "urllib": {"encoders/network.py"},  # the one door to the network
    "http": {"encoders/network.py"},
}
NEVER = {"pickle", "torch", "pandas", "polars", "requests", "httpx", "aiohttp", "huggingface_hub", "socket"}


def name(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def imports(path: Path) -> set[str]:
    """Every module that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}: imports are absolute"
            found |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def layer(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_imports_only_what_stands_to_its_left(path: Path) -> None:
    if name(path) in ("__init__.py", "__main__.py"):
        return  # the public names, which it loads when they are asked for, and `python -m knnife`
    own = LAYERS.index(layer(path))
    for module in imports(path):
        if module.startswith("knnife."):
            other = module.split(".")[1]
            assert other in LAYERS[: own + 1] or other == "__version__", f"{name(path)} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_only_the_loader_knows_the_encoders(path: Path) -> None:
    """Not each other, and nobody beyond: encoders come and go without anything else being changed."""
    known = {module for module in imports(path) if module.split(".")[:3] in ENCODERS}
    allowed = ("encoders/loading.py", "__init__.py")  # the latter for the public names, which it loads lazily
    assert not known or name(path) in allowed, f"{name(path)} imports {known}"


def test_every_encoder_is_behind_that_wall() -> None:
    found = []
    for path in (SOURCE / "encoders").glob("*.py"):
        classes = [
            node.name for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.ClassDef)
        ]
        if any(each.endswith(("Encoder", "WordVectors")) and each != "Encoder" for each in classes):
            found.append(["knnife", "encoders", path.stem])
    assert sorted(found) == sorted(ENCODERS)


@pytest.mark.parametrize("path", sorted((SOURCE / "tools").rglob("*.py")), ids=name)
def test_tools_do_not_import_each_other(path: Path) -> None:
    own = path.relative_to(SOURCE / "tools").parts[0].removesuffix(".py").strip("_")  # evaluate.py and _evaluate/*.py
    for module in imports(path):
        parts = module.split(".")
        if parts[:2] == ["knnife", "tools"] and len(parts) > 2 and own != "init":
            assert parts[2].strip("_") == own, f"{name(path)} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_outside_packages_are_imported_only_where_they_are_wrapped(path: Path) -> None:
    for module in imports(path):
        package = module.split(".")[0]
        assert package not in NEVER, f"{name(path)} imports {module}"
        if package in WRAPPERS:
            assert name(path) in WRAPPERS[package], f"{name(path)} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_files_and_functions_fit_a_few_screens(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300, f"{name(path)}: more than 300 lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            assert lines <= 50, f"{name(path)}: {node.name} has {lines} lines"


def test_nine_functions_in_ten_fit_half_a_screen() -> None:
    sizes = []
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                sizes.append((body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0)
    assert sum(size <= 25 for size in sizes) >= 0.9 * len(sizes)


@pytest.mark.parametrize("path", sorted((SOURCE / "tools").glob("[!_]*.py")), ids=name)
def test_a_tool_is_one_public_function_and_one_answer(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [n.name for n in tree.body if isinstance(n, ast.FunctionDef) and not n.name.startswith("_")]
    classes = [n for n in tree.body if isinstance(n, ast.ClassDef) and not n.name.startswith("_")]
    assert functions == [path.stem]
    assert len(classes) == 1
    assert "rows" in {n.name for n in classes[0].body if isinstance(n, ast.FunctionDef)}


@pytest.mark.parametrize("path", sorted((SOURCE / "tools").glob("[!_]*.py")), ids=name)
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
    """The list above names real files: a wrapper that was moved must be moved here too."""
    for files in WRAPPERS.values():
        for file in files:
            assert (SOURCE / file).exists(), file


def test_where_there_is_a_compiler_the_code_is_compiled() -> None:
    """Otherwise a fault in the C file would go unseen: the installation goes through, and other tests skip."""
    if shutil.which("cc") is None or not Path(sysconfig.get_path("include"), "Python.h").exists():
        pytest.skip("no C compiler here, or no headers of Python")
    assert words.KERNELS.startswith("compiled")
