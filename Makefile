# Bookonce. `make` lists what can be done.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
RUNTIME := .venv/.runtime-installed
DEV := .venv/.dev-installed
FRONTEND := frontend/node_modules/.installed
PAGES := src/bookonce/web/assets/built/manifest.json
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-warn-script-location

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:[^#]*## /\t/' | expand -t 14

run: $(RUNTIME) $(PAGES) ## set up, then serve the demo salon (PORT=8000, HOST=127.0.0.1)
	@exec $(BIN)/bookonce serve --demo --host "$(or $(HOST),127.0.0.1)" --port "$(or $(PORT),8000)"

check: $(DEV) ## set up, then the fast checks: format, lint, spelling, imports, types, audit
	@.ci/checks fast $(BIN)

test: $(DEV) $(PAGES) ## set up, then every check: the fast ones and the tests
	@.ci/checks all $(BIN)

quick: $(DEV) $(PAGES) ## the same without what is slow: browser, torture, faults, model, wheel
	@.ci/checks all $(BIN) $(addprefix --ignore=tests/,browser torture faults model package)

races: $(DEV) $(PAGES) ## the race tests alone, as often as ROUNDS says (default 5)
	@for round in $$(seq $(or $(ROUNDS),5)); do $(BIN)/python -m pytest tests/races || exit 1; done

torture: $(DEV) $(PAGES) ## load and faults on a database of its own, judged (SECONDS_=120, FAULTS=all)
	@$(BIN)/bookonce torture --seconds $(or $(SECONDS_),120) --faults $(or $(FAULTS),all)

nightly: $(DEV) $(PAGES) ## property tests with 10,000 examples, 500 random businesses over HTTP, the larger model, every control on every machine
	TEST_EXAMPLES=10000 $(BIN)/python -m pytest tests/availability tests/booking tests/business tests/platform tests/web/test_phantom_and_missing.py --timeout 7200
	$(BIN)/python -m pytest tests/model tests/browser tests/attack tests/races tests/web/test_hostile_requests.py -m nightly
	TEST_EXAMPLES=10000 $(BIN)/python -m pytest tests/faults -m "nightly or not nightly" --timeout 7200

bench: $(DEV) $(PAGES) ## measure on this machine, write bench/RESULTS.md (about fifteen minutes; SUBJECT=… for one)
	@$(BIN)/python -m bench $(SUBJECT)

bench-growth: $(DEV) $(PAGES) ## measure with up to ten million appointments (12 GB of disk)
	@$(BIN)/python -m bench growth

screenshots: $(DEV) $(PAGES) ## each step of a booking and the office as pictures, into docs/images
	@$(BIN)/python -m tests.browser.screenshots
	@$(BIN)/python -m tests.browser.office_screenshots

fresh: ## prove both commands in fresh clones, as root and as an ordinary user
	@.ci/fresh

image: ## run the steps of deploy/Dockerfile in plain root folders (root, debootstrap; half an hour)
	@.ci/image

audit: $(DEV) ## known vulnerabilities in what ships
	@$(BIN)/python .ci/audit.py

wheel: $(DEV) $(PAGES) ## build dist/bookonce-*.whl
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist .

format: $(DEV) ## put the code into its one form
	@$(BIN)/ruff check --fix --quiet src tests bench .ci; $(BIN)/ruff format --quiet src tests bench .ci

lock: $(DEV) ## resolve the dependencies anew into requirements/*.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
		--custom-compile-command "make lock" pyproject.toml -o requirements/runtime.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
		--custom-compile-command "make lock" pyproject.toml --group dev \
		-c requirements/runtime.lock -o requirements/dev.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
		--custom-compile-command "make lock" --group build -c requirements/dev.lock -o requirements/build.lock

.venv/bin/python:
	@PYTHON="$(PYTHON)" .ci/make-venv

# What ships, and this checkout in place. Installed anew only when the lock or the project changed.
$(RUNTIME): requirements/runtime.lock pyproject.toml | .venv/bin/python
	@echo "installing what Bookonce needs (once, about half a minute) …"
	@$(PIP) --require-hashes --requirement requirements/runtime.lock
	@$(PIP) --require-hashes --requirement requirements/build.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements/dev.lock tests/browser/package-lock.json .ci/browser $(RUNTIME)
	@echo "installing what the checks need (once, about half a minute) …"
	@$(PIP) --require-hashes --requirement requirements/dev.lock
	@.ci/browser $(BIN)
	@touch $@

$(FRONTEND): frontend/package-lock.json frontend/package.json frontend/.npmrc
	@.ci/install-frontend
	@touch $@

# What browsers load. The folders are named too, so that a file that was taken away counts.
$(PAGES): $(FRONTEND) frontend/build.mjs $(shell find frontend/src)
	@node frontend/build.mjs

.PHONY: help run check test quick races torture nightly bench bench-growth screenshots fresh image audit wheel format lock
