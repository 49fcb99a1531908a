# BRIDGE-PATCH. `make` lists what can be made; the first use of anything makes .venv.

PYTHON ?= python3
MARKET_DATA_DIR ?= $(wildcard ../shared/market/binance-usdm-2025-05)
MARKET_DATA_ALL ?= ../shared/market
ARGS ?=

BIN := .venv/bin
READY := .venv/.ready
CODE := src compat/src tests $(wildcard bench)
PINS := requirements/runtime.txt requirements/dev.txt
PIP_TOOLS := pip-tools==7.6.2

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo run test check fix docs proofs bench harvest soak mutants requirements .venv

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY) ## a week in shadow, then live on paper: real bars, no keys, one table
	@$(BIN)/bridge-patch demo $(if $(MARKET_DATA_DIR),--data $(MARKET_DATA_DIR)) $(ARGS)

run: $(READY) ## engine, execution and exit brain in one process tree
	@$(BIN)/bridge-patch run $(ARGS)

test: $(READY) ## the tests, on all cores, some ten minutes; ARGS="-k name" for some of them
	@sh tests/servers.sh redis postgres chromium promtool
	@$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

check: $(READY) ## format, lint, types and import contracts; changes nothing
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports --no-logo

fix: $(READY) ## format, and mend what the linter can mend
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

docs: $(READY) ## the pages that are made from the code; tests compare them
	$(BIN)/python -m bridge_patch.app.settings_page
	$(BIN)/python -m bridge_patch.app.schema_pages
	$(BIN)/python -m bridge_patch.app.governor_page
	$(BIN)/python -m bridge_patch.app.monitoring_page
	$(BIN)/python -m tests.unit.app.cli_page
	$(BIN)/python -m tests.museum.page

proofs: $(READY) ## every theorem, and docs/proofs.md; ARGS="promise caps" for some of them
	@$(BIN)/python -m tests.proofs.page $(ARGS)

bench: $(READY) ## every benchmark in bench/, each printing its ratio
	@set -e; for name in $(basename $(notdir $(sort $(wildcard bench/bench_*.py)))); do \
		echo "== $$name"; $(BIN)/python -m bench.$$name $(ARGS); \
	done

harvest: $(READY) ## exits on recorded markets, and docs/harvest.md again, in some minutes
	@$(BIN)/bridge-patch harvest --data $(MARKET_DATA_ALL) --page docs/harvest.md $(ARGS)

soak: $(READY) ## 2,000 seeds, a long account life, a failing venue, 50 kills; at most 40 minutes
	@$(BIN)/python -m tests.soak $(ARGS)

mutants: $(READY) ## small faults planted in the Governor, one at a time: a test notices
	@$(BIN)/python -m tests.mutants $(ARGS)

requirements: ## pin the newest allowed versions again, with their hashes
	@tools=$$(mktemp -d) && trap 'rm -rf "$$tools"' EXIT && set -e && \
	$(PYTHON) -m venv $$tools && $$tools/bin/pip install --quiet $(PIP_TOOLS) && \
	sh requirements/compile.sh $$tools/bin/pip-compile

.venv: $(READY)

$(READY): $(PINS) pyproject.toml compat/pyproject.toml
	@command -v $(PYTHON) >/dev/null || { \
		echo "$(PYTHON) not found: install Python 3.11 or newer, or say make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "BRIDGE-PATCH needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) -V 2>&1)." \
			"Name another: make PYTHON=python3.12" >&2; exit 1; }
	@echo "Making .venv from the pinned, hashed requirements (a minute or two, once)"
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation -e . -e compat
	@touch $@
