# demo and test are all a newcomer needs; both set up .venv with the pinned dependencies first.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
GPU_PYTHON := $(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON))
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint infra/constraints.txt

.PHONY: demo test test-all lint bench gpu clean

$(VENV)/.runtime: pyproject.toml infra/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "lcscale needs Python 3.11 or newer: make PYTHON=python3.11 …")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable '.[browse]'
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime
	$(PIP) --editable '.[dev]'
	@touch $@

demo: $(VENV)/.runtime  ## the whole pipeline on an embedded simulated survey; prints the report's path
	$(BIN)/lcscale demo --lake demo-lake --report demo-report.html

test: $(VENV)/.dev  ## the default suite
	$(BIN)/pytest -m 'not slow and not gpu'

test-all: $(VENV)/.dev  ## everything, long runs and benchmarks too
	$(BIN)/pytest -m 'not gpu'

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.dev  ## speed beside the peers, in one run; writes docs/benchmarks.md
	@mkdir -p .benchmarks
	$(BIN)/pytest tests/benchmarks --benchmark-only --benchmark-group-by=group --benchmark-columns=min,median,rounds \
		--benchmark-json=.benchmarks/last.json
	$(BIN)/python tests/benchmarks/table.py .benchmarks/last.json docs/benchmarks.md

gpu:  ## parity of the GPU with the CPU, then timings; takes .venv where there is one, else $(PYTHON)
	@$(GPU_PYTHON) -c 'import sys, torch; sys.exit(None if torch.cuda.is_available() else \
		"make gpu compares a CUDA device with the CPU: there is none here")'
	$(GPU_PYTHON) -m pytest tests/gpu -m gpu -s

clean:
	rm -rf $(VENV) demo-lake demo-report.html .pytest_cache .mypy_cache .ruff_cache .benchmarks
