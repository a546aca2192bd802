# Everything a person needs to type. Needs make and python3 >= 3.11; the rest comes from the lock.
SHELL := /bin/sh
.DEFAULT_GOAL := help

PYTHON ?= python3
MINUTES ?= 30
SEED ?= 1
UV_VERSION := 0.13.9
MINIO_VERSION := v0.0.0-20260212201848-7aac2a2c5b7c
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export NEXT_TELEMETRY_DISABLED := 1
unexport PYTHONDONTWRITEBYTECODE

UI_SOURCES := $(shell find frontend/src frontend/public -type f 2>/dev/null) frontend/next.config.ts frontend/tsconfig.json frontend/postcss.config.mjs

.PHONY: help up test test-minio faults fuzz conformance check format ui minio bench lock docs clean

help: ## list the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

up: .venv/.installed frontend/out/.built ## start everything on this machine; Ctrl-C stops it
	@stowage up

test: .venv/.installed frontend/out/.built ## the whole test suite on real services (embedded store)
	@pytest

test-minio: .venv/.installed .tools/minio ## storage contract and uploads on MinIO (needs Go once)
	@STOWAGE_EMBEDDED_STORE=minio pytest tests/storage tests/uploads

faults: .venv/.installed frontend/out/.built ## the fault campaign: MINUTES=30 [SEED=1] [JSON=file]
	@python -m tests.faults --minutes "$(MINUTES)" --seed "$(SEED)" $(if $(JSON),--json "$(JSON)")

fuzz: .venv/.installed ## schemathesis over the whole API: [EXAMPLES=30] [SEED=1] [STRICT=1]
	@python -m tests.fuzz --examples "$(or $(EXAMPLES),30)" --seed "$(SEED)" $(if $(STRICT),--strict)

conformance: .venv/.installed ## tus conformance of URL=… [HEADER='Authorization: …'] [JSON=file]
	@python -m tests.protocol "$(URL)" $(if $(HEADER),-H "$(HEADER)") $(if $(JSON),--json "$(JSON)")

check: .venv/.installed frontend/node_modules/.installed ## format, lint, types, import contracts
	@ruff format --check -q .
	@ruff check -q .
	@mypy
	@lint-imports --no-logo
	@cd frontend && npx --no-install tsc --noEmit && npx --no-install eslint src && npm run --silent texts -- --check

format: .venv/.installed ## format and mend what can be mended
	@ruff check -q --fix . || true
	@ruff format -q .

ui: frontend/out/.built ## build the web UI if its sources changed

minio: .tools/minio ## build the pinned MinIO into .tools (needs Go, about three minutes)

bench: .venv/.installed ## benchmarks with peers, each prints a table
	@for script in bench/uploads.py bench/first_frame.py bench/files.py bench/zips.py bench/listeners.py; do python $$script || exit 1; done

lock: .venv/.installed ## make both locks anew: hashes, no download addresses
	@cd frontend && npm install --package-lock-only --ignore-scripts --loglevel=error && node scripts/strip-lock.mjs
	@uv pip compile -q --universal --generate-hashes --no-header --no-annotate --all-extras --group dev pyproject.toml -o requirements.lock

docs: .venv/.installed ## make the generated reference anew
	@stowage config --markdown > docs/reference/configuration.md
	@stowage permissions > docs/reference/permissions.md
	@stowage reference > docs/reference/commands.md
	@stowage openapi > docs/reference/openapi.json
	@python -m tests.architecture.error_codes > docs/reference/errors.md
	@cd frontend && npm run --silent api && npm run --silent texts

clean: ## remove what was built and installed (not .stowage)
	rm -rf .venv .tools frontend/node_modules frontend/.next frontend/out

.venv/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Stowage needs Python 3.11 or newer: set PYTHON=/path/to/python3")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

frontend/node_modules/.installed: frontend/package-lock.json .venv/.installed
	@cd frontend && npm install --no-save --ignore-scripts --no-fund --no-audit --loglevel=error
	@touch $@

frontend/out/.built: frontend/node_modules/.installed $(UI_SOURCES)
	@cd frontend && npx --no-install next build > .next-build.log 2>&1 || (cat .next-build.log; exit 1)
	@mkdir -p frontend/out/swagger-ui && cd frontend/node_modules/swagger-ui-dist && cp swagger-ui.css swagger-ui-bundle.js swagger-ui-standalone-preset.js LICENSE ../../out/swagger-ui/
	@touch $@

.tools/minio:
	@command -v go > /dev/null || (echo "make minio needs Go"; exit 1)
	@mkdir -p .tools
	GOBIN=$(CURDIR)/.tools go install github.com/minio/minio@$(MINIO_VERSION)
