# Everything runs inside .venv, which the first target that needs it makes. Another interpreter:
#   make site PYTHON=/path/to/python3.13
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SITE_STAMP := $(VENV)/.installed-train
TEST_STAMP := $(VENV)/.installed-test

.PHONY: help site test check clean
.DEFAULT_GOAL := help

help:
	@echo "make site    install, run the digits experiment, build its site into site/"
	@echo "make test    install the test tools, run every check and every test"
	@echo "make check   the checks alone: lint, format, types, import directions"
	@echo "make clean   remove the environment and caches; results/ and site/ stay"
	@echo "Another interpreter (3.11 or newer): make site PYTHON=/path/to/python"

site: $(SITE_STAMP)
	$(BIN)/python build.py --run-experiments
	@echo "Open $(CURDIR)/site/index.html in a browser, or serve it: $(BIN)/python build.py --serve"

test: check
	$(BIN)/python tests/ensure_chromium.py
	$(BIN)/python -m pytest -n auto

check: $(TEST_STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf $(VENV) build *.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

# An installation that was cut short may look complete to pip, so it is thrown away. Editable,
# because templates/ and static/ are read from this folder.
define install
	@if [ -e $(VENV)/.interrupted ]; then echo "starting over: an installation was interrupted"; rm -rf $(VENV); fi
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo "bakeoff needs Python 3.11 or newer, but $(PYTHON) is not: make $(MAKECMDGOALS) PYTHON=/path/to/python" >&2; exit 1; }
	@mkdir -p $(VENV) && touch $(VENV)/.interrupted
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --editable '.[$(1)]'
	@mv $(VENV)/.interrupted $@
endef

$(SITE_STAMP): pyproject.toml
	$(call install,train)

# The test extra contains the train extra.
$(TEST_STAMP): pyproject.toml
	$(call install,test)
	@touch $(SITE_STAMP)
