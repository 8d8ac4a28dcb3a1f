"""The public names are those of `__all__`: sorted, present, documented, and no others."""

from __future__ import annotations

import inspect

import pytest

import knnife


def test_all_is_sorted_and_has_no_doubles() -> None:
    assert knnife.__all__ == sorted(set(knnife.__all__))


@pytest.mark.parametrize("name", [*knnife.__all__, *knnife._OPTIONAL])
def test_every_public_name_is_there_and_documented(name: str) -> None:
    assert inspect.getdoc(getattr(knnife, name))


def test_nothing_else_is_public() -> None:
    modules = {
        "encoders",
        "errors",
        "geometry",
        "interfaces",
        "output_kinds",
        "outputs",
        "space",
        "spelling",
        "statistics",
        "testing",
        "things",
        "threads",
        "tools",
    }
    machinery = {"annotations", "importlib", "Any", "TYPE_CHECKING"}
    public = {name for name in dir(knnife) if not name.startswith("_")}
    assert public - modules - machinery == {*knnife.__all__, *knnife._OPTIONAL}


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'knnife' has no attribute 'Spaec'"):
        knnife.Spaec  # noqa: B018


def test_all_errors_have_one_root() -> None:
    for name in knnife.__all__:
        value = getattr(knnife, name)
        if isinstance(value, type) and issubclass(value, Exception):
            assert issubclass(value, knnife.KnnifeError)
