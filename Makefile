# demo and test are all a newcomer needs; both set up .venv with the pinned dependencies first.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
GPU_PYTHON := $(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON))
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint infra/constraints.txt

.PHONY: demo test test-all lint bench gpu models clean

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

test: $(VENV)/.dev  ## the default suite, a file of tests at a time on each core
	$(BIN)/pytest -m 'not slow and not gpu' --numprocesses auto --maxprocesses 4 --dist loadfile

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

DATA ?= $(or $(LCSCALE_REAL_DATA),../shared/data)
MODELS ?= lcscale/models
TRAIN = mkdir -p .models && $(BIN)/python jobs/train_$(1)_model.py $(2) && touch $@

models: $(addprefix .models/,demo alerts general ztf cepheids yso)  ## trains every model; run again, it goes on where it was

.models/lake: $(VENV)/.runtime jobs/models_lake.py
	mkdir -p .models && $(BIN)/python jobs/models_lake.py $(DATA) .models/catalogs && touch $@

.models/demo: $(VENV)/.runtime
	$(call TRAIN,demo,$(MODELS)/shipped/demo)

.models/alerts: .models/lake
	$(call TRAIN,alert,$(MODELS)/shipped/alerts --ztf $(DATA)/ztf_alerts_yso/light_curves.csv.gz \
		--gaia .models/catalogs/gaia_dr3_epochs)

.models/general: .models/lake
	$(call TRAIN,general,.models/catalogs $(MODELS)/shipped/general)

.models/ztf: .models/lake
	$(call TRAIN,ztf,.models/catalogs $(MODELS)/shipped/ztf)

.models/cepheids: .models/lake
	$(call TRAIN,cepheid,.models/catalogs .models/cepheid_modes)

.models/yso: $(VENV)/.runtime
	$(call TRAIN,yso,$(DATA) $(MODELS)/shipped_tabular/yso)

clean:
	rm -rf $(VENV) demo-lake demo-report.html .models .pytest_cache .mypy_cache .ruff_cache .benchmarks
