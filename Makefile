# Everything a newcomer needs: `make demo` and `make test`. Each target prepares what it needs and says so.
SHELL := /bin/bash
# The first one that really runs and is of the right age: a name on PATH may be an empty shell.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
# Files of tests that run side by side: some wait, some compute.
WORKERS ?= 2
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help demo test test-long bench interop check clean system

help:
	@echo "make demo       see it work (SOURCE=street|clip|file|camera  MODEL=file.tflite|none  BROKER=host:port  OUT=folder)"
	@echo "make test       linters, types and tests"
	@echo "make test-long  what takes minutes: fault series, soaks"
	@echo "make bench NAME=pipeline ARGS=\"--help\"   one benchmark; without NAME, their list"
	@echo "make interop    our model files in MediaPipe and tflite-runtime (MODELS=\"a.tflite b.tflite\")"
	@echo "make check      check deploy/foresight.yaml (CONFIG=file checks another)"
	@echo "make clean      remove what the targets made"

# What a device installs, and nothing else.
$(VENV)/device: pyproject.toml
	@test -n "$(PYTHON)" && "$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
		|| { echo "Python 3.11, 3.12 or 3.13 is needed (PYTHON=/path/to/python3.x make ...)"; exit 1; }
	@echo "== installing what a device needs into $(VENV)"
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV) || { \
		echo "Python cannot make a virtual environment: install the package python3-venv"; exit 1; }
	@$(PIP) install --editable .
	@touch $@

# TrackEval asks for a second OpenCV in the place of the headless one, so what it really needs is named here.
$(VENV)/dev: $(VENV)/device
	@echo "== installing what the tests need into $(VENV)"
	@$(PIP) install --editable '.[dev,trainer]'
	@$(PIP) install --no-deps 'trackeval==1.3.0'
	@touch $@

# Flower asks for older versions of what other parts of the tests use, so it has an environment of its own.
$(VENV)/flower/ready: pyproject.toml
	@echo "== installing Flower into $(VENV)/flower"
	@"$(BIN)/python" -m venv $(VENV)/flower
	@$(VENV)/flower/bin/python -m pip --disable-pip-version-check --quiet install --editable '.[federated]'
	@touch $@

system:
	@bash tests/system_packages.sh

demo: $(VENV)/device
	@$(BIN)/foresight demo $(if $(SOURCE),--source '$(SOURCE)') $(if $(MODEL),--model '$(MODEL)') \
		$(if $(BROKER),--broker '$(BROKER)') $(if $(OUT),--out '$(OUT)')

test: $(VENV)/dev system
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m "not long" $(ARGS)

test-long: $(VENV)/dev
	@bash tests/system_packages.sh long
	@$(MAKE) --no-print-directory $(VENV)/flower/ready || echo "== without Flower: its tests are skipped"
	@$(BIN)/python -m pytest -m long $(ARGS)

bench: $(VENV)/dev
	@$(BIN)/python -m tests.bench $(NAME) $(ARGS)

interop: $(VENV)/dev
	@$(BIN)/python -m tests.interop $(MODELS) $(ARGS)

check: $(VENV)/device
	@$(BIN)/foresight check $(or $(CONFIG),deploy/foresight.yaml)

clean:
	rm -rf $(VENV) build dist out .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
