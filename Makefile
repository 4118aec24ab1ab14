# What a person types. Each target makes its environment first (once; the second run starts in seconds).
#   PYTHON=/path/to/python make demo    another Python (3.11 to 3.13)
#   make test PYTEST="-k geometry -x"   some tests only
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help venv demo run test test-viewer lint bench nightly wheel doctor clean

VENV := .venv
VIEWER_VENV := .venv-viewer
SETUP := packaging/setup
ARTEFACTS := artefacts
INPUTS := pyproject.toml constraints.txt $(SETUP)/install.sh $(SETUP)/find_python.sh $(SETUP)/system.py medviewer/doctor/libraries.py
PYTEST ?=
# Written once at installation and kept up to date: without bytecode every start takes three times as long.
unexport PYTHONDONTWRITEBYTECODE
export MEDVIEWER_ARTEFACTS ?= $(CURDIR)/$(ARTEFACTS)

help:
	@echo "make demo         open three synthetic studies, run the models on them, show what they found"
	@echo "make run          open the window"
	@echo "make test         ruff, mypy, import contracts and all tests"
	@echo "make test-viewer  the same without torch, in an environment of its own"
	@echo "make bench        the table of speed and memory, each line against its peer"
	@echo "make nightly      tests that take long: fuzzing, training, long flows"
	@echo "make doctor       what this machine has and what is missing"
	@echo "make wheel        a wheel with models and resources inside, in dist/"

# --- environments ---------------------------------------------------------------------------------------
$(VENV)/.ready-viewer: $(INPUTS)
	@$(SETUP)/fetch_size.sh $(VENV)
	@$(SETUP)/install.sh $(VENV)
	@touch $@

$(VENV)/.ready-test: $(INPUTS)
	@$(SETUP)/fetch_size.sh $(VENV) test
	@$(SETUP)/install.sh $(VENV) train pacs dev
	@touch $@ $(VENV)/.ready-viewer

$(VIEWER_VENV)/.ready: $(INPUTS)
	@$(SETUP)/fetch_size.sh $(VIEWER_VENV)
	@$(SETUP)/install.sh $(VIEWER_VENV) dev
	@touch $@

venv: $(VENV)/.ready-test

# --- the program ----------------------------------------------------------------------------------------
demo: $(VENV)/.ready-viewer
	@$(SETUP)/demo.sh $(VENV) $(ARTEFACTS)

run: $(VENV)/.ready-viewer
	@$(VENV)/bin/medviewer

doctor: $(VENV)/.ready-viewer
	@$(VENV)/bin/medviewer doctor

# --- tests ----------------------------------------------------------------------------------------------
lint: $(VENV)/.ready-test
	@$(SETUP)/lint.sh $(VENV) medviewer training

test: $(VENV)/.ready-test
	@$(SETUP)/lint.sh $(VENV) medviewer training
	@$(SETUP)/test.sh $(VENV) -m "not slow" $(PYTEST)

test-viewer: $(VIEWER_VENV)/.ready
	@$(SETUP)/lint.sh $(VIEWER_VENV) medviewer
	@$(SETUP)/test.sh $(VIEWER_VENV) -m "not slow and not torch" --ignore=tests/training $(PYTEST)

nightly: $(VENV)/.ready-test
	@$(SETUP)/lint.sh $(VENV) medviewer training
	@HYPOTHESIS_PROFILE=nightly $(SETUP)/test.sh $(VENV) $(PYTEST)

bench: $(VENV)/.ready-test
	@$(VENV)/bin/python -m benchmarks $(BENCH)

wheel: $(VENV)/.ready-test
	@$(VENV)/bin/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist/*.whl

clean:
	@rm -rf $(VIEWER_VENV) $(ARTEFACTS) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
