# Everything a newcomer needs. Only Python 3.11 or newer has to be on the machine.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
STAMP_ALL := $(VENV)/.installed-all
SOURCES := pyproject.toml hatch_build.py frontend/package-lock.json
# Two test workers at least, four at most: each needs a core and most of a gigabyte.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(max(2, min(4, os.cpu_count() or 2)))')

.DEFAULT_GOAL := help
.PHONY: help run demo test test-peers test-all check bench clean peers format reference

help:  ## Show what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

# Each of the many processes that tests start would compile what it imports, where a machine's setting forbids to keep it.
unexport PYTHONDONTWRITEBYTECODE

# Python compiles what it imports by itself: doing it for every package beforehand took a third of the time.
INSTALL := $(BIN)/pip install -qq --no-compile --disable-pip-version-check

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Colleague needs Python 3.11 or newer.") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV)

$(STAMP): $(SOURCES) | $(BIN)/python
	@echo "Installing (once) …"
	@$(INSTALL) -e .
	@touch $@

# All at once: after the first step, the second built the package and asked for every version again.
$(STAMP_ALL): $(SOURCES) | $(BIN)/python
	@echo "Installing (once) …"
	@$(INSTALL) -e '.[test,check]'
	@touch $(STAMP) $@

run: $(STAMP)  ## Install, start everything with a demo organisation, print where to look
	@COLLEAGUE_DATA_DIR=$${COLLEAGUE_DATA_DIR:-var} $(BIN)/colleague serve --demo

demo: $(STAMP)  ## Do the first job from the terminal
	@COLLEAGUE_DATA_DIR=$${COLLEAGUE_DATA_DIR:-var} $(BIN)/colleague demo

test: $(STAMP_ALL)  ## Run every test that needs only PyPI
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not peer"

test-peers: $(STAMP_ALL) peers  ## Install the real peers and run the tests that need them
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m peer

test-all: $(STAMP_ALL) peers  ## Both of them in one run: what they share is read and compiled once
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

peers:  ## Install the real peers (Debian packages; needs root)
	@sh scripts/install-peers

check: $(STAMP_ALL)  ## Lint, types, import contracts
	@$(BIN)/ruff check src tests bench scripts
	@$(BIN)/ruff format --check src tests bench scripts
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

format: $(STAMP_ALL)  ## Format the code
	@$(BIN)/ruff check --fix -q src tests bench scripts; $(BIN)/ruff format -q src tests bench scripts

reference: $(STAMP_ALL)  ## Write docs/reference anew from the code
	@$(BIN)/python scripts/reference.py

bench: $(STAMP_ALL)  ## Measure, each number beside its anchor
	@$(BIN)/python -m bench

clean:  ## Remove the environment and the demo data
	@rm -rf $(VENV) var build dist .pytest_cache .mypy_cache .ruff_cache
