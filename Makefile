# Everything runs in a local virtual environment, made on first use.
VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= python3
READY := $(VENV)/.ready
export HF_HUB_OFFLINE = 1
export TOKENIZERS_PARALLELISM = false

.PHONY: setup quickstart test test-all check style mutants docs clean

setup: $(READY)

# torch first and by its pin, so that no other package pulls a build with CUDA on a machine without a GPU.
$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip setuptools wheel
	$(BIN)/python -m pip install --quiet -c constraints.txt torch
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev]"
	touch $(READY)

quickstart: $(READY)
	$(BIN)/hunmin run quickstart

test: $(READY)
	$(BIN)/python -m pytest tests -m "not slow and not data and not live" -n 2
	$(BIN)/python -m pytest tests/e2e/test_quickstart.py -m "not data and not live"

test-all: $(READY)
	$(BIN)/python -m pytest tests -m "not live" -n 2 --dist loadfile

# What breaks things: bad inputs, kills, paying under faults, second writers, damage on disk. `make test` runs a sample.
chaos: $(READY)
	$(BIN)/python -m pytest tests/e2e/test_bad_inputs.py tests/e2e/test_kill.py tests/e2e/test_translate_chaos.py \
	  tests/unit/test_money.py tests/unit/test_lock.py tests/unit/test_verify.py tests/unit/test_sandbox.py \
	  -m "not live" -n 2 --dist loadfile

check: $(READY)
	$(BIN)/ruff check src tests bench
	$(BIN)/ruff format --check src tests bench
	$(BIN)/mypy

mutants: $(READY)
	$(BIN)/python tests/mutants.py

style: $(READY)
	$(BIN)/ruff format src tests bench
	$(BIN)/ruff check --fix src tests bench

docs: $(READY)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[docs]"
	$(BIN)/python docs/generate.py
	$(BIN)/mkdocs build --strict --quiet

clean:
	rm -rf build dist site .pytest_cache .mypy_cache .ruff_cache
