# Everything a developer runs. `make` alone lists the targets.
# Environments are made at need: .venv for work, .venv-oldest for the oldest supported versions.

VENV := .venv
OLDEST := .venv-oldest
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
JOBS ?= 2
# Tests whose code meets other versions of scikit-learn, numpy, scipy, joblib and pandas.
OLDEST_TESTS := tests/boosting/test_equality.py \
	tests/parallel/test_executor.py tests/space/test_priors_of_scipy.py \
	tests/space/test_search_space.py tests/storages/test_contract.py \
	tests/samplers/test_gp_model.py tests/search/sharing/test_equality.py \
	$(addprefix tests/search/test_,composition.py input_and_scoring.py representation.py \
	scikit_learn_own_tests.py scores_against_scikit_learn.py table.py)
PARALLEL := -n $(JOBS) --dist loadgroup
# Which tests `make test` runs.
MARKED ?= not slow

# The first Python of the list that is 3.11 or newer; for the oldest versions, 3.11 or 3.12.
find_python = $(shell for name in $(1); do \
	"$$name" -c 'import sys; sys.exit(not ($(2)))' 2>/dev/null && echo "$$name" && break; done)
PYTHON ?= $(call find_python,python3.13 python3.12 python3.11 python3 python,sys.version_info >= (3, 11))
PYTHON_OLDEST ?= $(call find_python,python3.11 python3.12 python3 python,(3, 11) <= sys.version_info < (3, 13))

# $(call make_venv,python,directory)
define make_venv
	@test -n "$(1)" || { echo "Needs Python 3.11 or newer (for .venv-oldest: 3.11 or 3.12)."; exit 1; }
	@echo "Making $(2) with $$($(1) --version)"
	@$(1) -m venv $(2)
endef

# $(call install,directory,what): by uv, or by pip, which knows private indexes from its settings.
define install
	@echo "Installing $(2) into $(1); the first time this takes a minute or two ..."
	@$(1)/bin/python -m pip install --quiet --disable-pip-version-check uv && \
		$(1)/bin/uv pip install --quiet --python $(1)/bin/python $(2) || \
		$(1)/bin/python -m pip install --quiet --disable-pip-version-check $(2)
endef

.PHONY: help
help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

# ---------------------------------------------------------------------------- environments

$(BIN)/python:
	$(call make_venv,$(PYTHON),$(VENV))

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(call install,$(VENV),-e .)
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	$(call install,$(VENV),-e ".[test$(comma)tracking$(comma)lint$(comma)package]")
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-site: pyproject.toml $(VENV)/.installed-dev
	$(call install,$(VENV),-e ".[site]")
	@touch $@

$(VENV)/.installed-bench: pyproject.toml $(VENV)/.installed-dev
	$(call install,$(VENV),-e ".[bench]")
	@touch $@

$(OLDEST)/.installed: pyproject.toml .ci/oldest.txt
	$(call make_venv,$(PYTHON_OLDEST),$(OLDEST))
	$(call install,$(OLDEST),-e ".[test]" -c .ci/oldest.txt)
	@touch $@

comma := ,

.PHONY: install
install: $(VENV)/.installed-dev  ## Make .venv with all that development needs

# ------------------------------------------------------------------------------------ demo

.PHONY: demo torch servers examples examples-rest
# Examples that the documentation shows, but does not run: they start processes, or need more.
NOT_IN_DOCS := $(addprefix examples/,demo.py parallel_backends.py pytorch_pruning.py resume_and_share.py)
demo: $(VENV)/.installed  ## See what the search does for you, in a minute
	@$(BIN)/python examples/demo.py

torch: $(VENV)/.installed-dev  ## Add PyTorch, which one of the examples needs
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0

servers:  ## Install PostgreSQL and Chromium, which some of the slow tests need (Debian, as root)
	command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || \
		apt-get install -y -q --no-install-recommends postgresql
	command -v chromedriver >/dev/null || \
		apt-get install -y -q --no-install-recommends chromium chromium-driver

examples: EXAMPLES := $(wildcard examples/*.py)
examples-rest: EXAMPLES := $(NOT_IN_DOCS)
examples: $(VENV)/.installed-dev  ## Run every example
examples-rest: $(VENV)/.installed-dev  ## Run the examples that `make docs` does not run
examples examples-rest: export OMP_NUM_THREADS = 1  # many small fits: threads only wait
examples examples-rest:
	@set -e; for file in $(EXAMPLES); do \
		echo "--- $$file"; \
		case $$file in \
			*/demo.py) $(BIN)/python $$file --quick;; \
			*/pytorch_*) $(BIN)/python -c "import torch" 2>/dev/null || { \
				echo "Left out: it needs PyTorch (make torch)."; continue; }; \
				$(BIN)/python $$file;; \
			*) $(BIN)/python $$file;; \
		esac; \
	done

# ----------------------------------------------------------------------------------- docs

.PHONY: docs docs-fast
docs: $(VENV)/.installed-site  ## Build the documentation in docs/_build/html, and check its links
	OMP_NUM_THREADS=1 $(BIN)/python -m sphinx -b html -n -W --keep-going -q docs docs/_build/html
	$(BIN)/python docs/_ext/check_links.py docs/_build/html

docs-fast: $(VENV)/.installed-site  ## The same, without running the examples
	SKHPO_EXAMPLES=0 $(BIN)/python -m sphinx -b html -n -W --keep-going -q docs docs/_build/html
	$(BIN)/python docs/_ext/check_links.py docs/_build/html

# ----------------------------------------------------------------------------------- tests

.PHONY: test test-slow test-extended test-all doctest oldest
test: $(VENV)/.installed-dev  ## Run the tests, but for the slow ones
	$(PYTEST) $(PARALLEL) -m "$(MARKED)" tests

test-slow: $(VENV)/.installed-dev  ## Run the slow tests: killed workers, Ctrl-C, dask, ...
	$(PYTEST) $(PARALLEL) -m "slow and not extended" tests

test-extended: $(VENV)/.installed-dev  ## Run what CI leaves out: ray, spark, MLflow with S3
	$(PYTEST) $(PARALLEL) -m extended tests

test-all: $(VENV)/.installed-dev  ## Run all tests
	$(PYTEST) $(PARALLEL) tests

doctest: $(VENV)/.installed-dev  ## Run the examples in docstrings, README and docs
	$(PYTEST) $(PARALLEL) --doctest-modules skhpo
	OMP_NUM_THREADS=1 $(PYTEST) -n $(JOBS) --dist loadfile README.md CONTRIBUTING.md docs  # a block uses the names of those before it

oldest: $(OLDEST)/.installed  ## Run what depends on them with the oldest supported versions
	$(OLDEST)/bin/python -m pytest $(PARALLEL) -m "not slow" $(OLDEST_TESTS)

# ------------------------------------------------------------------------------------ lint

.PHONY: lint style types imports format
lint: style types imports  ## Check style, types, and that imports only go down

style: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

imports: $(VENV)/.installed-dev
	$(BIN)/lint-imports

format: $(VENV)/.installed-dev  ## Put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# ------------------------------------------------------------------------------ the others

.PHONY: package bench clean
package: $(VENV)/.installed-dev  ## Build the wheel and the sdist in dist/, and check them
	rm -rf build dist
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*

bench: $(VENV)/.installed-bench  ## Run the benchmarks, in their quick settings
	@set -e; for file in benchmarks/[a-z]*.py; do echo "--- $$file"; $(BIN)/python $$file --quick; done

.venv-priors/.installed: pyproject.toml
	$(call make_venv,$(PYTHON),.venv-priors)
	$(call install,.venv-priors,-e ".[priors$(comma)boosting]")
	@touch $@

.PHONY: priors
priors: .venv-priors/.installed  ## Measure and learn the priors of estimators: hours, resumable
	.venv-priors/bin/python -m benchmarks.priors.build
	.venv-priors/bin/python -m benchmarks.priors.learn

clean:  ## Remove the environments and caches
	rm -rf docs/_build docs/auto_examples docs/api/generated docs/api/backreferences docs/sg_execution_times.rst
	rm -rf $(VENV) $(OLDEST) .venv-priors build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
