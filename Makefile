# make run: the example, from nothing.  make test: the tests.  `make help` lists the rest.
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
# all share one server, which has so many connections
WORKERS := -n auto --maxprocesses 8
LOCK := uv pip compile -q --universal --no-strip-extras --generate-hashes --python-version 3.11 --custom-compile-command "make lock"

.PHONY: help run dev demo-clean test test-slow lint types docs bench lock clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1|/' | column -t -s '|'

$(VENV)/.run: requirements/run.txt requirements/bootstrap.txt pyproject.toml scripts/bootstrap.sh
	@sh scripts/bootstrap.sh $(VENV) run

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	@sh scripts/bootstrap.sh $(VENV) dev

run: $(VENV)/.run ## check the example's databases through Dagster and print the verdicts
	@$(BIN)/python scripts/run_example.py

dev: $(VENV)/.run ## the same in Dagster's UI, on http://127.0.0.1:3000
	@$(BIN)/python scripts/run_example.py --ui

test: $(VENV)/.dev ## the tests that are fast enough to run always
	@$(BIN)/python -m pytest -q $(WORKERS) -m "not slow"

test-slow: $(VENV)/.dev ## the slow ones: other server majors, Dagster in processes of its own, a browser
	@$(BIN)/python -m pytest -q $(WORKERS) -m slow

lint: $(VENV)/.dev ## ruff, and Dagster's own look at the definitions
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/python scripts/check_definitions.py

types: $(VENV)/.dev ## mypy, strict
	@$(BIN)/mypy

docs: $(VENV)/.dev ## the documentation as a site, into site/; fails where a link leads nowhere
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: $(VENV)/.dev ## speed and memory beside other tools, into docs/performance.md; BENCH_TABLES=100,1000 for some sizes
	@$(BIN)/python -m benchmarks.run --tables $${BENCH_TABLES:-100,1000,10000}
	@$(BIN)/python -m benchmarks.jobs --environments $${BENCH_ENVIRONMENTS:-1,10,30} --fleet $${BENCH_FLEET:-1000}

lock: $(VENV)/.dev ## compile the locked requirements anew
	@$(BIN)/$(LOCK) pyproject.toml requirements/run.in -o requirements/run.txt
	@$(BIN)/$(LOCK) requirements/image.in -o requirements/image.txt
	@$(BIN)/$(LOCK) requirements/dev.in -o requirements/dev.txt
	@$(BIN)/$(LOCK) requirements/bootstrap.in -o requirements/bootstrap.txt

clean: ## forget the example's databases, artifacts and Dagster's history
	@if [ -x $(BIN)/python ]; then $(BIN)/python scripts/run_example.py --forget; fi
	@rm -rf .drift .dagster_home examples/shop/.drift
