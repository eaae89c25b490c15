# The recipes of segue. `make demo` and `make test` need Python 3.11 or newer and make; everything else they install.

PYTHON ?= python3
VENV ?= .venv
EXTRAS ?= neural,spark,text,audio,annoy,postgres,peers
PORT ?= 8000
BENCHMARKS ?= benchmarks/als.py benchmarks/topk.py benchmarks/knn.py benchmarks/ease.py benchmarks/ann.py benchmarks/minhash.py benchmarks/descent.py benchmarks/metrics.py benchmarks/ingest.py benchmarks/playlists.py benchmarks/counts.py benchmarks/words.py benchmarks/cold_start.py benchmarks/end_to_end.py

comma := ,
empty :=
space := $(empty) $(empty)
stamp_name := $(subst $(comma),-,$(subst $(space),,$(EXTRAS)))
core := $(VENV)/.installed
dev := $(VENV)/.installed-dev$(if $(stamp_name),-$(stamp_name))
requirements := pyproject.toml constraints.txt
run := $(VENV)/bin/

.DEFAULT_GOAL := help
.PHONY: help demo test lint format benchmark clean

help: ## what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: $(core) ## simulate listeners, train, evaluate, and serve a page on PORT
	$(run)segue demo --port $(PORT)

test: $(dev) lint ## every check and every test, with every extra (EXTRAS= for the light core)
	$(run)python -m pytest -n auto --dist loadfile $(ARGS)

lint: $(dev) ## style, types, and the layers of the house
	$(run)ruff check src tests benchmarks
	$(run)ruff format --check src tests benchmarks
	$(run)mypy
	$(run)lint-imports --no-logo

format: $(dev) ## put the code into the house's form
	$(run)ruff check --fix --exit-zero src tests benchmarks
	$(run)ruff format src tests benchmarks

benchmark: $(dev) ## time and quality against peers, subject by subject
	@for script in $(BENCHMARKS); do echo "== $$script"; $(run)python $$script $(ARGS) || exit 1; done

clean: ## remove the environment and every cache
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "segue needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1 || echo not there)." >&2; \
	  echo "Name a newer one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$@ -m pip install --quiet --upgrade pip

# A stamp for each set of extras, so that a second call is quick; the environment with more serves the one with less.
$(core): $(VENV)/bin/python $(requirements)
	$(run)python -m pip install --quiet --only-binary :all: --no-binary segue --constraint constraints.txt --editable .
	@touch $@

$(dev): $(VENV)/bin/python $(requirements)
	$(run)python -m pip install --quiet --constraint constraints.txt --editable '.[dev$(if $(stamp_name),$(comma)$(EXTRAS))]'
	@touch $@ $(core)
