# Every target sets itself up: a fresh machine needs only make and Python 3.10+ (with venv); uv is used where present.
#
#   make demo     what Headroom does, on real output of real tools
#   make test     the test suite
#   make sdk      the TypeScript package, built into sdk/typescript/dist
#   make e2e      Claude Code, Codex and the MCP inspector, fetched from npm (950 MB); not part of `make test`
#   make check    everything that must be clean before a change goes in: lint, types, floors, tests

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKERS ?= 2
SDKS := tests/proxy/ts/node_modules
FRAMEWORKS := .frameworks
FRAMEWORK_TESTS := tests/proxy/test_sdk_frameworks.py tests/proxy/test_interop_litellm.py
SDK := sdk/typescript

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test sdk e2e check lint types floors mutants bench images samples format clean

help:
	@sed -n 's/^#   //p' Makefile

setup: $(READY)

# Made again when pyproject.toml changes. Where uv is missing or fails, pip does it; the group `dev` needs pip 25.1.
$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys, venv; sys.exit(sys.version_info < (3, 10))' \
		|| { echo "Headroom needs Python 3.10 or newer with venv; name one: make PYTHON=python3.12" >&2; exit 1; }
	@echo "setting up $(VENV) (once)"
	@{ command -v uv >/dev/null \
		&& uv venv --quiet --clear --python "$$(command -v $(PYTHON))" $(VENV) \
		&& uv pip install --quiet --python $(BIN)/python --editable '.[all]' --group dev; } \
	|| { { test -x $(BIN)/pip || $(PYTHON) -m venv --clear $(VENV); } \
		&& $(BIN)/python -m pip install --quiet --upgrade "pip>=25.1" \
		&& $(BIN)/python -m pip install --quiet --editable '.[all]' --group dev; }
	@touch $@

demo: $(READY)
	@PATH="$(CURDIR)/$(BIN):$$PATH" scripts/demo.sh

# The TypeScript SDKs that tests/proxy drives; without npm those tests say why they are skipped.
$(SDKS): tests/proxy/ts/package-lock.json
	@if command -v npm >/dev/null; then npm ci --prefix tests/proxy/ts --silent --no-audit --no-fund && touch $@; fi

# LiteLLM, LangChain and pydantic-ai, which tests/proxy drives too, ask for other SDKs than $(VENV) has; without them (no
# network) those tests say that they are skipped.
$(FRAMEWORKS)/.ready: tests/proxy/frameworks.txt pyproject.toml
	@echo "setting up $(FRAMEWORKS) (once)"
	@{ { command -v uv >/dev/null \
		&& uv venv --quiet --clear --python "$$(command -v $(PYTHON))" $(FRAMEWORKS) \
		&& uv pip install --quiet --python $(FRAMEWORKS)/bin/python --editable '.[proxy]' --requirement $<; } \
	|| { $(PYTHON) -m venv --clear $(FRAMEWORKS) \
		&& $(FRAMEWORKS)/bin/python -m pip install --quiet --editable '.[proxy]' --requirement $<; }; } \
	&& touch $@ || echo "LiteLLM, LangChain and pydantic-ai could not be had: their tests are skipped" >&2

# The TypeScript package and the SDKs that its tests drive.
$(SDK)/node_modules: $(SDK)/package-lock.json
	@if command -v npm >/dev/null; then npm ci --prefix $(SDK) --silent --no-audit --no-fund && touch $@; fi

$(SDK)/dist: $(SDK)/node_modules $(SDK)/build.mjs $(SDK)/package.json $(SDK)/tsconfig.json $(wildcard $(SDK)/src/*.ts)
	@if command -v npm >/dev/null; then npm run --prefix $(SDK) --silent build && touch $@; fi

sdk: $(SDK)/dist
	@test -d $(SDK)/dist || echo "make sdk was skipped: it needs Node.js 20 or newer and npm"

test: $(READY) $(SDKS) $(SDK)/dist $(FRAMEWORKS)/.ready
	@$(BIN)/python -m pytest -n $(WORKERS) $(addprefix --ignore=,$(FRAMEWORK_TESTS))
	@if test -f $(FRAMEWORKS)/.ready; then $(FRAMEWORKS)/bin/python -m pytest -n $(WORKERS) -W ignore $(FRAMEWORK_TESTS); fi

# Claude Code asks for a newer Node.js than its program needs: --force. Its program comes without npm's scripts.
CLIENTS := @anthropic-ai/claude-code@2.1.330 @openai/codex@0.169.0 @modelcontextprotocol/inspector@0.15.0
E2E := .e2e

e2e: $(READY)
	@if command -v node >/dev/null && command -v npm >/dev/null; then \
		test "$$(cat $(E2E)/.ready 2>/dev/null)" = "$(CLIENTS)" || { \
			echo "fetching $(CLIENTS) into $(E2E) (once)" && mkdir -p $(E2E) \
			&& npm install --prefix $(E2E) --no-save --no-package-lock --no-audit --no-fund --force --loglevel=error $(CLIENTS) \
			&& echo "$(CLIENTS)" >$(E2E)/.ready; } \
		&& E2E_CLIENTS=$(E2E) $(BIN)/python -m pytest tests/proxy/clients_end_to_end.py tests/proxy/mcp_clients_end_to_end.py; \
	else echo "make e2e was skipped: it needs Node.js and npm, which fetch and start Claude Code and Codex"; fi

check: lint types floors test

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(READY)
	@$(BIN)/mypy

floors: $(READY)
	@$(BIN)/lint-imports --no-cache --config .importlinter

# Each one-line sabotage of tests/mutants must make its tests fail.
mutants: $(READY)
	@$(BIN)/python scripts/mutants.py

bench: $(READY)
	@$(BIN)/python benchmarks/corpus.py
	@$(BIN)/python benchmarks/sessions.py
	@$(BIN)/python benchmarks/speed.py

# What images cost before and after, read by an OCR engine of 300 MB; fonts for the pages that are held out.
images: $(READY)
	@$(BIN)/python -m pip install --quiet "rapidocr-onnxruntime>=1.4" font-caladea font-lato font-manrope
	@$(BIN)/python benchmarks/images.py

# Remakes the bundled samples; needs the network and the tools that are sampled.
samples: $(READY)
	@$(BIN)/python scripts/make_samples.py

format: $(READY)
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

clean:
	rm -rf $(VENV) $(FRAMEWORKS) $(E2E) build dist $(SDK)/build $(SDK)/dist .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
