# Everything starts here: `make help` lists it. Plain pip and npm; nothing has to be there but Python 3.11+ and Node 20+.
# Each step leaves a stamp behind, so a second call does only what changed.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help run test check format bench demo soak clean build-temporal lock floor chromium

BASE_PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
NODE_FITS := $(shell node -e 'process.stdout.write(process.versions.node.split(".")[0] >= 20 ? "yes" : "")' 2>/dev/null)

BIN := .venv/bin
INSTALLED := .venv/installed
MODULES := node_modules/.installed
STATIC := escalations/web/static/govuk.css
# Most of a test's time is waiting for another program, so there are more processes than the two cores they are made for.
SIDE_BY_SIDE := --numprocesses 3 --dist loadfile
CODE := escalations tests $(wildcard worker.py benchmarks)

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

run: $(INSTALLED) $(STATIC) ## Start everything on this machine and print the addresses
	@$(BIN)/escalations run

demo: $(INSTALLED) build-temporal ## Play the story of one escalation on the real server, in under a minute
	@$(BIN)/escalations demo

test: $(INSTALLED) $(STATIC) build-temporal chromium ## Run every test, in several processes; with ARGS only what they name, in one
	@rm -f .coverage .coverage.*
	@$(BIN)/python -m pytest --cov --cov-report= $(or $(ARGS),$(SIDE_BY_SIDE))
	@$(BIN)/coverage report --fail-under=$$(cat tests/coverage-floor)

check: $(INSTALLED) $(STATIC) ## Lint, types, import contract
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/mypy $(CODE)
	@$(BIN)/basedpyright
	@$(BIN)/lint-imports --no-cache --no-logo

format: $(INSTALLED) ## Format the code
	@$(BIN)/ruff check --fix-only --quiet $(CODE)
	@$(BIN)/ruff format $(CODE)

bench: $(INSTALLED) build-temporal ## Measure, and write the figures down
	@$(BIN)/python -m benchmarks $(ARGS)

soak: $(INSTALLED) build-temporal ## Run many escalations for long, with kills, and a million deadlines by three methods
	@$(BIN)/python -m benchmarks opinions soak $(ARGS)

floor: ## Raise the coverage floor to what the last test run reached
	@$(BIN)/coverage report --format=total --precision=1 > tests/coverage-floor && cat tests/coverage-floor

build-temporal: $(INSTALLED) ## Get the Temporal server, building it once where there is no other way
	@$(BIN)/python -m escalations.temporal.binaries

chromium: ## See to a Chromium for the browser tests
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing Chromium for the browser tests."; \
	  { apt-get install -y -qq --no-install-recommends chromium || { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; }; } >/dev/null 2>&1 || \
	  echo "Chromium could not be installed with apt-get, so the browser tests are skipped."; \
	else \
	  echo "There is no Chromium on the PATH, so the browser tests are skipped: install the package chromium."; \
	fi

lock: ## Renew requirements.lock and package-lock.json from pyproject.toml and package.json
	@$(BASE_PYTHON) -m venv var/lock-venv && var/lock-venv/bin/pip install --quiet uv
	@var/lock-venv/bin/uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes --no-header \
	  --no-emit-index-url --no-emit-find-links --output-file requirements.lock pyproject.toml
	@var/lock-venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url --no-emit-find-links --constraint requirements.lock --output-file requirements-run.lock pyproject.toml
	@npm install --package-lock-only --silent
	@! grep -n 'https\?://' requirements.lock requirements-run.lock package-lock.json

clean: ## Remove what was built and installed; data under var/ stays
	rm -rf .venv node_modules escalations/web/static dist .coverage .coverage.* htmlcov .pytest_cache .mypy_cache .ruff_cache \
	  .hypothesis .import_linter_cache
	find escalations tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): requirements.lock pyproject.toml
	@test -n "$(BASE_PYTHON)" || { echo "Python 3.11 or newer with its venv module is needed, and none was found on the PATH (Debian: python3 and python3-venv)."; exit 1; }
	@test -x $(BIN)/python || { echo "Making .venv with $$($(BASE_PYTHON) --version)."; $(BASE_PYTHON) -m venv .venv; }
	@echo "Installing the locked Python packages."
# --no-deps: the lock is whole. Without it pip looks for "coverage[toml]" anew, and refuses the newer one that it finds.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m pip check --quiet
	@touch $@

$(MODULES): package.json package-lock.json .npmrc
	@test -n "$(NODE_FITS)" || { echo "Node 20 or newer is needed, and none was found on the PATH."; exit 1; }
	@command -v npm >/dev/null || { echo "npm is needed, and it was not found on the PATH (it comes with Node)."; exit 1; }
	@echo "Installing the locked web packages."
	@npm ci --silent
	@touch $@

$(STATIC): $(MODULES) escalations/web/build.mjs $(shell find escalations/web/assets -type f 2>/dev/null)
	@npm run --silent build
