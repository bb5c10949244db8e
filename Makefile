# 政通 Zhengtong. `make` or `make help` lists what can be made. Needs python3 (3.11 or later), make and git.

PORT ?= 8000
DATA ?= var
NAME ?= all
export PORT DATA

BIN := .venv/bin
LOCK := $(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-annotate --no-header
# Whole files go to one worker, longest stories first; two workers suit the two cores of a small machine.
PYTEST := $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -rs

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-reset test test-fast test-postgres check lint types layers templates translations \
        migrations docs reference bench format lock browser foreign

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.product ## make .venv with the locked packages, nothing else

demo: .venv/.product ## run the demo county on http://127.0.0.1:8000 (PORT= and DATA= choose others; Ctrl-C stops)
	@$(BIN)/zhengtong demo

demo-reset: .venv/.product ## remove the demo county's data; the next `make demo` starts over
	@$(BIN)/zhengtong demo --reset

test: .venv/.develop browser ## run every test, the browser journeys included (15 minutes at most on 2 cores)
	$(PYTEST)

test-fast: .venv/.develop foreign ## the tests without browser, migrations and killed processes
	$(PYTEST) -m "not journey and not migrations and not process"

test-postgres: .venv/.develop foreign ## the same tests on PostgreSQL, from a packaged server, without the browser journeys
	$(BIN)/python tools/with_postgres.py $(PYTEST) -m "not journey"

check: lint types layers templates translations migrations docs ## everything that is checked without running the product

lint: .venv/.develop
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.develop
	DATA=build/check $(BIN)/mypy

layers: .venv/.develop
	$(BIN)/lint-imports

templates: .venv/.develop
	$(BIN)/djlint --lint --quiet src

translations: .venv/.develop
	DATA=build/check $(BIN)/zhengtong messages --check

migrations: .venv/.develop
	DATA=build/check $(BIN)/zhengtong manage makemigrations --check --dry-run

docs: .venv/.develop
	$(BIN)/pytest tests/house/test_docs.py

reference: .venv/.develop ## write the pages of docs/reference that come from the code
	$(BIN)/python tools/make_events_reference.py
	$(BIN)/python tools/make_routes_reference.py
	$(BIN)/python tools/make_security_reference.py

bench: .venv/.develop ## measure the published figures (NAME=clock for one); each ends with a line of JSON
	@$(BIN)/zhengtong bench $(NAME)

format: .venv/.develop ## put the code into the house's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: .venv/.develop ## choose new versions of the packages and write the lock files
	$(LOCK) --upgrade requirements-setup.in -o requirements-setup.lock
	$(LOCK) --upgrade --extra dev pyproject.toml -o requirements-dev.lock
	$(LOCK) --upgrade -c requirements-dev.lock pyproject.toml -o requirements.lock

browser:
	@tools/require_packages.sh chromium-headless-shell fonts-noto-cjk poppler-utils softhsm2

foreign:
	@tools/require_packages.sh poppler-utils softhsm2

# One environment in two sizes: the product, and the product with what its makers need.
.venv/.product: requirements-setup.lock requirements.lock pyproject.toml tools/setup.sh
	@tools/setup.sh product

.venv/.develop: requirements-setup.lock requirements-dev.lock pyproject.toml tools/setup.sh
	@tools/setup.sh develop
