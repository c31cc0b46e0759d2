PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test fuzz lint clean

# The words of the demo photos: a table on the terminal, pictures and JSON in outputs/.
demo: .venv/installed
	$(BIN)/python demo/spot_image.py demo/photos/*.jpg --out-dir outputs

# What continuous integration runs.
test: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest

# Damaged pictures, headers, presets, settings, archives and models: some 100,000, in about an hour.
fuzz: .venv/installed-test
	SPOTTER_FUZZ_EXAMPLES=10000 $(BIN)/python -m pytest tests/fuzz -x --durations=0

.venv/installed: setup.py
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

.venv/installed-test: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[test]"
	touch $@

clean:
	rm -rf .venv outputs work_dirs build *.egg-info
