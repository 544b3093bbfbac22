# Everything here needs Python 3.11 or newer, make and git, and nothing else: `make` alone lists what there is.
#   PYTHON=python3.12   another interpreter          VENV=.venv313   another environment
#   SOAK=.soak          where soaks add up           JOBS=4          tests at once
#   ARGS="--leads 50"   arguments for demo           TESTS=tests/x   a part of the tests

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
TESTS ?=
JOBS ?= 2
SOAK ?= .soak

BIN := $(VENV)/bin
UV := $(BIN)/uv
MANIFESTS := pyproject.toml adapters/salesforce/pyproject.toml adapters/hubspot/pyproject.toml constraints.txt
RUNNING := $(VENV)/.leadbridge-running
DEVELOPING := $(VENV)/.leadbridge-developing
BENCHING := $(VENV)/.leadbridge-benching

TOOLS := $(VENV)/.leadbridge-tools.txt
PEERS := $(VENV)/.leadbridge-peers.txt
comma := ,
OURS := -e adapters/salesforce -e adapters/hubspot

# Settings of somebody else's environment must not move ours, nor make every start compile everything again.
unexport VIRTUAL_ENV UV_SYSTEM_PYTHON UV_PYTHON UV_PROJECT_ENVIRONMENT PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE
unexport PIP_USER PIP_TARGET PIP_PREFIX

.DEFAULT_GOAL := help
.PHONY: help demo setup test check lint types docs bench soak build constraints clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(RUNNING) ## Set up what running needs, then run the whole story on two simulated CRMs
	@$(BIN)/leadbridge demo $(ARGS)

setup: $(DEVELOPING) ## Set up everything for working on leadbridge

test: $(DEVELOPING) ## Set up everything, then run the tests
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(TESTS)

check: lint types docs ## Lint, formatting, types, import rules, size of files, documents

lint: $(DEVELOPING) ## Lint, formatting, import rules, size of files
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python -m pytest -q -p no:cacheprovider tests/project/test_files.py

types: $(DEVELOPING) ## Check types
	@$(BIN)/mypy

docs: $(DEVELOPING) ## Check that generated tables are current, then build the site into site/
	@$(BIN)/python docs/generate.py --check
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

bench: $(BENCHING) ## Run the benchmarks; each prints ratios of things measured side by side
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

soak: $(DEVELOPING) ## Run the laws with many more examples, and the tests that are too long for every day
	@HYPOTHESIS_PROFILE=soak LEADBRIDGE_SOAK_STATE=$(SOAK) $(BIN)/python -m pytest -n $(JOBS) --dist worksteal --timeout 3600 -m "hypothesis or soak" $(TESTS)

build: $(DEVELOPING) ## Build the wheels of the core and of both adapters into dist/
	@$(UV) build --quiet --all-packages --wheel --no-build-isolation --python $(BIN)/python --out-dir dist
	@ls dist/*.whl

constraints: $(DEVELOPING) ## Look up the newest versions that fit together and write them to constraints.txt
	@sed -n '/^#/p' constraints.txt > constraints.new
	@$(UV) pip compile --quiet --universal --python-version 3.11 --upgrade --all-extras --group dev --group bench \
		--no-header --no-annotate --no-emit-package leadbridge --no-emit-package leadbridge-hubspot \
		--no-emit-package leadbridge-salesforce pyproject.toml >> constraints.new
	@mv constraints.new constraints.txt

clean: ## Remove what the targets above made, apart from the environment
	@rm -rf dist build site .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find src adapters tests docs benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "leadbridge needs Python 3.11 or newer; name one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@echo "Setting up $(VENV) ..."
	@$(PYTHON) -m venv $(VENV) || \
		{ echo "This Python cannot make environments; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt uv

# uv is fast; pip knows the mirrors of pip.conf. The first that succeeds is enough.
define install
	@echo "Installing packages ($(1)) ..."
	@$(UV) pip install --quiet --python $(BIN)/python -c constraints.txt $(2) || \
		{ echo "uv could not; trying pip ..."; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt $(2); }
endef

define group
	@$(BIN)/python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['dependency-groups']['$(1)'], sep='\n')" > $(2)
endef

$(RUNNING): $(MANIFESTS) | $(UV)
	$(call install,to run,-e '.[analytics$(comma)simulator]' $(OURS))
	@touch $@

$(DEVELOPING): $(MANIFESTS) | $(UV)
	$(call group,dev,$(TOOLS))
	$(call install,to develop,-e '.[analytics$(comma)postgres$(comma)service$(comma)simulator$(comma)tokens]' $(OURS) -r $(TOOLS))
	@touch $(RUNNING) $@

$(BENCHING): $(DEVELOPING)
	$(call group,bench,$(PEERS))
	$(call install,to compare with,-r $(PEERS))
	@touch $@
