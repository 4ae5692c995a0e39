# `make` lists the targets. Each one does its own set-up; the scripts are in .ci/.

PYTHON := .venv/bin/python
ARGS ?=

# Downloads, locks and images of the tests: kept, so that a second run fetches nothing.
export ORCHESTRATOR_TEST_HOME ?= $(HOME)/.cache/orchestrator-test

.DEFAULT_GOAL := help
.PHONY: help setup python servers demo test lint types architecture bench soak corpus golden clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup:  ## system packages, .venv and a Docker Engine; changes nothing where they are there
	@bash .ci/setup

python:
	@bash .ci/setup python

servers:
	@bash .ci/setup test

demo:  ## train the example, replay it, show the result
	@bash .ci/demo

test: servers  ## the whole suite; ARGS="-k digest" for a part
	@$(PYTHON) -m pytest $(ARGS)

lint: python  ## ruff: style, and the layout of the code
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .

types: python  ## mypy, strict
	@$(PYTHON) -m mypy

architecture: python  ## imports go down only; the house rules
	@.venv/bin/lint-imports --no-logo
	@$(PYTHON) -m pytest tests/architecture

bench: setup  ## measure
	@$(PYTHON) -m bench $(ARGS)

soak: servers  ## crash at every point, every time it is come by; ARGS="-k power" for a part
	@$(PYTHON) -m tests.crash $(ARGS)

corpus: setup  ## replay scripts that nobody here wrote, at each level (docs/corpus.md); ARGS="--level strict NAME" for a part
	@$(PYTHON) -m tests.corpus $(ARGS)

golden: python  ## make golden digests and generated docs anew (a changed digest is a changed format: see CHANGELOG.md)
	@$(PYTHON) -m tests.golden.regenerate
	@$(PYTHON) -m tests.docs.reference

clean:  ## remove what was built here; neither runs nor downloads
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
