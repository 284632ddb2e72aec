# The few words that always work. `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ROOMS := workers services actors scheduler db discogs api cli simulator

.DEFAULT_GOAL := help
.PHONY: help install demo test soak storm check fix bench lock clean

help: ## List the commands.
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(VENV)/installed: requirements-dev.lock pyproject.toml
	@echo "Making the environment in $(VENV): about a minute the first time."
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else 0'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

install: $(VENV)/installed ## Make the environment, locked and hashed, and nothing else.

demo: install ## A collection comes over: servers, simulator, API and workers on this machine. ONCE=1 exits by itself.
	@$(BIN)/rekkrd demo $(if $(ONCE),--once)

test: install ## All tests, against real servers that they start themselves.
	@$(BIN)/pytest -q -n 3 --dist loadfile --no-loadscope-reorder -m "not soak" tests/journeys tests/storm tests

soak: install ## The long tests, with true times, and every property test on random examples. SEED=… repeats a run.
	@seed=$(or $(SEED),$$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')); echo "To repeat this run: make soak SEED=$$seed"; \
	$(BIN)/pytest -q -m "soak or hypothesis" --hypothesis-profile soak --hypothesis-seed $$seed --timeout 3600

storm: install ## A storm of SEED=… over a real fleet: kills, lost replies, bad answers. DURATION=60, TRUE=1 with true times.
	@$(BIN)/python -m tests.storm --seed $(or $(SEED),1) --duration $(or $(DURATION),60) $(if $(TRUE),--true-times)

check: install ## Format, lint, types, import contracts, SQL, and documents against code.
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@said=$$($(BIN)/lint-imports 2>&1) || { echo "$$said"; exit 1; }
	@$(BIN)/pytest -q tests/db/test_sql.py tests/test_settings_documented.py tests/cli/test_reference.py

fix: install ## Mend what a machine can mend.
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format --quiet .
	@$(BIN)/python -m cli.documented
	@$(BIN)/python -m cli.reference
	@WRITE_SCHEMA=1 $(BIN)/pytest -q tests/db/test_schema.py

bench: install ## Print the figures that we claim, and write benchmarks/results.
	@$(BIN)/python -m benchmarks

lock: install ## Choose versions anew and write the two lock files.
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## Remove the environment and every cache; the data in .rekkrd stays.
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
