# Each target sets up what it needs: a virtual environment in .venv, made anew when dependencies change.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= auto
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Modules are compiled when they are first imported, and kept: half the installation's time were those that never are.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo review ui test test-all check lint types layers definitions clean
.DEFAULT_GOAL := help

help:
	@echo "make demo             draw clips and annotate them, with no key (VIDEOS=DIR takes your own)"
	@echo "make review           look at the demo's batch and decide (BATCH=NAME for another)"
	@echo "make ui               the Dagster UI on http://127.0.0.1:3000"
	@echo "make test             the tests"
	@echo "make test-all         those that take minutes more, too"
	@echo "make check            lint, types, layers, definitions"

$(VENV)/.installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "vr_assets needs Python 3.11 or newer on the PATH"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
		|| { echo "vr_assets needs Python 3.11 to 3.13; name one: make PYTHON=/path/to/python3.11"; exit 1; }
	@"$(PYTHON)" -m venv $(VENV) || { echo "Python lacks venv; on Debian: apt-get install python3.11-venv"; exit 1; }
	@echo "Installing into $(VENV) (a few minutes the first time) ..."
	@$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable '.[test,dev]'
	@touch $@

demo: $(VENV)/.installed
	@$(BIN)/vr-assets demo $(if $(VIDEOS),--videos "$(VIDEOS)")

review: $(VENV)/.installed
	@$(BIN)/vr-assets review --batch "$(or $(BATCH),demo)"

ui: $(VENV)/.installed
	@$(BIN)/vr-assets ui

test: $(VENV)/.installed
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

test-all: $(VENV)/.installed
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m ""

# At the same time: mypy alone takes longer than the others together.
check: $(VENV)/.installed
	@$(MAKE) --no-print-directory -j -k lint types layers definitions

lint types layers definitions: $(VENV)/.installed

lint:
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types:
	@$(BIN)/mypy

layers:
	@$(BIN)/lint-imports

definitions:
	@$(BIN)/dagster definitions validate -w workspace.yaml

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
