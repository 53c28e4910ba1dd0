# `make app` opens the dashboard, `make test` runs every test; both set the environment up first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501
# Tests of one file run in one process, files in two at a time: browsers and workers take a core each.
# Files in the order in which they are collected: the longest is not the last.
PARALLEL ?= -n 2 --dist loadfile --no-loadscope-reorder
# Where campaigns live while you work on them; the embedded ones are imported here.
export NCI_HOME ?= $(CURDIR)/campaigns

.PHONY: venv app test test-slow lint browser docs constraints clean

venv: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml constraints.txt scripts/fetch_viewer.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "nci needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	$(BIN)/python scripts/fetch_viewer.py
	@touch $@

app: venv
	$(BIN)/nci app --port $(PORT) $(if $(HEADLESS),--headless,)

browser: venv
	@$(BIN)/python scripts/ensure_chromium.py

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Two processes with a thread for each core would wait for each other: PySCF's tests then take five times as long.
test test-slow: export OMP_NUM_THREADS ?= 1
test: venv browser lint
	$(BIN)/python -m pytest -m 'not slow' $(PARALLEL)

test-slow: venv browser
	$(BIN)/python -m pytest $(PARALLEL)

# The documentation as a site, with every link and anchor checked: open build/site/index.html.
docs: venv
	$(BIN)/mkdocs build --strict --quiet
	@echo "build/site/index.html"

constraints: venv
	$(BIN)/python scripts/write_constraints.py > constraints.new && mv constraints.new constraints.txt

clean:
	rm -rf $(VENV) build *.egg-info
