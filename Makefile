PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test test-slow golden coverage fuzz soak audit docs clean

# The words of the demo photos: a table on the terminal, pictures and JSON in outputs/.
demo: .venv/installed
	$(BIN)/spotter spot demo/photos/*.jpg --out outputs --overwrite

# What continuous integration runs.
test: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -n 2

# Installations by pip in clean environments, and whatever else takes minutes or the network.
test-slow: .venv/installed-test
	$(BIN)/python -m pytest -m slow

# What the presets read on the demo photos, written anew: after weights or presets were exchanged.
golden: .venv/installed-test
	$(BIN)/python -m tests.golden.words
	-git --no-pager diff --stat -- tests/golden

# How much of the reading side the tests run; fails below 90 %.
coverage: .venv/installed-test
	$(BIN)/python -m pytest -n 2 --cov --cov-report=term:skip-covered --cov-fail-under=90

# Damaged pictures, headers, presets, settings, archives, annotations, predictions and models: some
# 170,000. The last lines say how many each test tried, the slowest, and the memory.
fuzz: .venv/installed-test
	SPOTTER_FUZZ_EXAMPLES=10000 $(BIN)/python -m pytest tests/fuzz --durations=0

# An hour of photos of ever other sizes: memory stays level, results stay equal.
soak: .venv/installed
	$(BIN)/python -m tests.soak --minutes 60

# Known vulnerabilities of what is installed; says so and passes where it cannot look them up.
audit: .venv/installed
	$(BIN)/python -m tests.audit

# The documentation as a site, in site/.
docs: .venv/installed-docs
	test -f mkdocs.yml || { echo "no mkdocs.yml: there is no site to build" >&2; exit 2; }
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

.venv/installed: pyproject.toml setup.py
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) -e .
	touch $@

.venv/installed-test: .venv/installed
	$(PIP) -e ".[test]"
	touch $@

.venv/installed-docs: .venv/installed
	$(PIP) -e ".[docs]"
	touch $@

clean:
	rm -rf .venv outputs work_dirs build site *.egg-info
