# Every target sets up what it needs in .venv, from requirements.lock; a second run finds it there.
# Python 3.11 or newer with venv, make, bash and git are all a machine needs. Where cargo is, the native
# transport is built too; where Go is, `make bench` is sharper.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input
LOCKED := .venv/.locked
INSTALLED := .venv/.installed
GENERATED := ratingd/v1/.generated

# Text is UTF-8 whatever the machine's locale, and nothing of the caller's Python leaks in; what is parsed is kept, for
# the tests start some hundred processes, and each would take a second and a half longer.
export PYTHONUTF8 := 1
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV PYTHONDONTWRITEBYTECODE
export TREE := $(CURDIR)

OUT ?= build/compiled

# What runs the compiled core: `-m` puts the current folder first, which holds the same packages interpreted.
CORE := build/compiled/.compiled-from
COMPILED := PYTHONSAFEPATH=1 PYTHONPATH="$(CURDIR)/build/compiled:$(CURDIR)"
PYTEST := $(BIN)/python -m pytest -n 2 --dist worksteal
# Over servers, databases, files and training, of which little is compiled: once is enough.
ONCE := alert_book boosted_model call_file campaign_desk campaign_document campaign_store case_evidence cases cdrs \
  checkpoints cli_offline collector cut_results delivery demo_receiver disconnects evaluation examples_served expiry \
  explainer exporters folder_watch forest fraud_commit fraud_forgetting fraud_record_columns fraud_replay \
  fraud_retention fraud_shelf fraud_words isolation_model labels list_book lists_in_force mailer many_at_once material \
  migration model_* number_lookup number_reports orders people post postgres_* prompt_streams protection_carrier \
  registry reports rule_desk satark schedule_orders schedule_pauses scheduler scorers sdist sets_served store \
  store_faults suspect_flags switch_webhooks tariff_loading telephony threat_stream vault verify walk windows_served
EDGES := tests/e2e tests/faults tests/bench $(foreach name,$(ONCE),$(wildcard tests/test_$(name).py))

.PHONY: help compiled edge demo test test-long check bench proto clean lock format setup

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

demo: setup ## calls, a shared balance, a hijacked telephone, a daily cap, masking attacks cut off by rule and model (KEEP=1 stays up)
	@[ ! -e $(CORE) ] || $(BIN)/python compiled/build.py build/compiled
	@[ -e $(CORE) ] || echo "demo: the core runs interpreted; after \`make compiled\` it is faster"
	$(COMPILED) $(BIN)/ratingd demo $(if $(filter-out 0,$(KEEP)),--keep)

test: check ## the static checks, then every test on SQLite and on a real PostgreSQL, the core interpreted and compiled (ARGS="-k debit" chooses)
	$(BIN)/python edge/build.py test
	@$(BIN)/python compiled/build.py build/compiled
	@if [ -e $(CORE) ]; then \
	  echo "interpreted: all but the edges"; \
	  TESTED_CORE=interpreted $(PYTEST) -m "not long" $(EDGES:%=--ignore=%) $(ARGS) || [ $$? = 5 ] || exit 1; \
	  echo "compiled: everything, as it is shipped"; \
	  TESTED_CORE=compiled $(COMPILED) $(PYTEST) -o "pythonpath=build/compiled ." -m "not long" $(ARGS) \
	    || { echo "compiled: the tests above failed with the compiled core"; exit 1; }; \
	else \
	  TESTED_CORE=interpreted $(PYTEST) -m "not long" $(ARGS); \
	fi

test-long: setup ## the runs of minutes: fifty thousand debits while daemon and database are killed
	$(BIN)/python -m pytest -m long $(ARGS)

check: setup ## format, lint, types, the arrows between the rooms
	$(BIN)/ruff format --check --quiet . || { echo "make format would rewrite the files above"; exit 1; }
	$(BIN)/ruff check --quiet .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python edge/build.py check

bench: setup ## the tables of docs/performance.md, measured here (ARGS=--quick is short); writes bench/results.json
	@$(BIN)/python compiled/build.py build/compiled || \
	  { rm -rf build/compiled; echo "bench: the core does not compile here and is measured interpreted"; }
	$(BIN)/python -m bench $(ARGS)

compiled: setup ## the core compiled by mypyc, in a copy of the packages: OUT=build/compiled
	$(BIN)/python compiled/build.py $(OUT)

edge: $(INSTALLED) ## the native transport, again where its build failed
	@$(BIN)/python edge/build.py again

proto: $(GENERATED) ## Python from proto/, into ratingd/v1

format: setup ## rewrite the sources as `make check` wants them
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python edge/build.py format

lock: $(LOCKED) ## requirements.lock again from pyproject.toml (UPGRADE=1 takes the newest of everything)
	$(BIN)/uv pip compile --quiet --no-header --all-extras --universal --python-version 3.11 --generate-hashes \
	  --no-emit-package xgboost --no-emit-package nvidia-nccl-cu12 --no-emit-package nvidia-nccl-cu13 \
	  --no-emit-index-url --no-emit-find-links --no-annotate $(if $(UPGRADE),--upgrade) \
	  --output-file requirements.lock pyproject.toml

clean: ## all that was made: .venv, generated code, caches, figures
	rm -rf .venv build dist ratingd/v1 bench/target edge/target bench/results.json .demo .cache *.egg-info \
	  .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup: $(INSTALLED) $(GENERATED)
	@$(BIN)/python edge/build.py install

# A tree that was moved or copied brings a .venv that points elsewhere: its stamps do not count.
ifneq ($(shell cat .venv/.tree 2>/dev/null),$(CURDIR))
.PHONY: $(LOCKED)
CLEAR := --clear
endif

$(LOCKED): requirements.lock
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("ratingd needs Python 3.11 or newer: make PYTHON=python3.12")'
	@echo "setup: .venv from requirements.lock (some 100 packages the first time)"
	@$(PYTHON) -m venv $(CLEAR) .venv
	@$(PIP) --require-hashes -r requirements.lock
	@printf '%s\n' "$$TREE" > .venv/.tree
	@touch $@

$(INSTALLED): $(LOCKED) pyproject.toml setup.py proto/generate.py
	@$(PIP) --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(GENERATED): proto/generate.py $(wildcard proto/ratingd/v1/*.proto) $(LOCKED)
	@$(BIN)/python proto/generate.py
	@touch $@
