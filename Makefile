# One command for each thing a newcomer wants. `make` alone lists them.
# Every target sets up .venv by itself, from requirements.lock, and only when something changed.

MAKEFLAGS += --no-print-directory
BIN := .venv/bin
READY := .venv/.ready
SEEDS ?= 1..2000
KILLS ?= 200
WORKERS ?= 2
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test check setup fmt sim soak bench lock clean

help: ## list these commands
	@echo 'Hushang: a consortium blockchain whose ledger speaks commerce.'
	@echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo 'PYTHON=/path/to/python3 chooses the interpreter of a new .venv (3.11 or newer).'

demo: $(READY) ## four nodes agree on one real trade, told in plain words
	@$(BIN)/hushang demo $(ARGS)

test: $(READY) ## run all tests (ARGS="-k words" for some; WORKERS=0 for one process)
	@sh .ci/browser
	@$(BIN)/python -m pytest -q --numprocesses $(WORKERS) --max-worker-restart 0 $(ARGS)

check: $(READY) ## lint, format, types, imports, generated pages, installed packages
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/mypy --no-error-summary
	@echo $(BIN)/lint-imports; $(BIN)/lint-imports > .venv/imports.log || { cat .venv/imports.log; exit 1; }
	$(if $(wildcard node/commands/docs.py),$(BIN)/hushang docs --check)
	@echo $(BIN)/pip check; $(BIN)/python -m pip check > .venv/pip.log || { cat .venv/pip.log; exit 1; }

setup: $(READY) ## make .venv with the locked packages
	@echo 'Ready: make demo, make test, or .venv/bin/hushang --help'

fmt: $(READY) ## format the code and mend what ruff can mend
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

sim: $(READY) ## simulate 2000 clusters (SEEDS=1..200 ARGS="--profile crash --json")
	@$(BIN)/python -m tests.sim --seeds $(SEEDS) --profile mix $(ARGS)

soak: $(READY) ## kill nodes under load, then check every promise (KILLS=200)
	@$(BIN)/python -m tests.processes.soak --kills $(KILLS) $(ARGS)

bench: $(READY) ## offered load, decided transactions a second, latency (ARGS=...)
	@$(BIN)/hushang bench $(ARGS)

lock: $(READY) ## choose the package versions of requirements.lock anew (ARGS="--upgrade" for the newest)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--custom-compile-command "make lock" --no-annotate --no-emit-index-url --no-emit-find-links --no-config \
		--all-extras --group dev --output-file requirements.lock $(ARGS) pyproject.toml
	@$(BIN)/python -m tests.node.deploy.running_lock --write
	@git --no-pager diff --stat -- requirements.lock

clean: ## remove .venv and every cache; data of test networks in .hushang stay
	@rm -rf .venv dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements.lock pyproject.toml .ci/venv
	@sh .ci/venv
	@touch $@
