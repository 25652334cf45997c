# Two commands for a newcomer: `make run` opens the program, `make test` checks everything.
# Each sets up what it needs on a fresh Debian or Ubuntu machine and is quick the second time.

PYTHON  ?= python3
VENV    := .venv
BIN     := $(VENV)/bin
STAMPS  := $(VENV)/stamps
LYD     := $(BIN)/lydigital

# Debian packages: what the window needs, and what only the tests need.
RUN_PACKAGES  := python3-venv fonts-noto-cjk libegl1 libgl1 libglib2.0-0 libdbus-1-3 libfontconfig1 libxkbcommon-x11-0 \
                 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 \
                 libxcb-shape0 libxcb-xinerama0 libxcb-xkb1
TEST_PACKAGES := xvfb xdotool x11-utils poppler-utils gdal-bin chromium libreoffice-writer libreoffice-impress

# The test run keeps out of the user's own folders; its compiled kernels are kept from run to run.
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_CONSTRAINT := $(CURDIR)/requirements.lock
TEST_ENV := LYDIGITAL_HOME=$(CURDIR)/$(VENV)/test-home QT_QPA_PLATFORM=offscreen

.PHONY: run setup test check images sample lock bench clean

run: setup
	@.ci/show $(LYD)

setup: $(STAMPS)/run

test: $(STAMPS)/test check
	$(TEST_ENV) $(BIN)/python -c "from lydigital.kernels import jit; jit.warm_up()"
	$(TEST_ENV) $(BIN)/pytest -n 2 -m "not slow and not xvfb"
	$(TEST_ENV) $(BIN)/pytest -n 2 --dist loadfile -m "slow or xvfb"
	$(TEST_ENV) LYDIGITAL_TEST_WITHOUT_QT=1 $(BIN)/pytest -p no:pytest-qt -n 2 tests --ignore=tests/ui --ignore=tests/render/painter -m "not slow and not xvfb"
	$(TEST_ENV) NUMBA_DISABLE_JIT=1 $(BIN)/pytest -n 2 tests/kernels

check: $(STAMPS)/test
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --cache-dir $(VENV)/import-linter

# Pictures of the documentation, made by the program itself.
images: setup
	$(BIN)/python docs/images/make.py

# The sample city, made anew from its sources.
sample: $(STAMPS)/test
	$(BIN)/python -m sample_data.generate

# lydigital and QGIS (where installed) on the same data in one run; BENCH is the folder of the peer benchmark.
BENCH  ?= ../shared/bench
DATA   ?= benchmarks/data/medium
ROUNDS ?= 1
bench: $(STAMPS)/test
	@test -f $(DATA)/manifest.json || $(BIN)/python $(BENCH)/make_data.py $(DATA) --scale medium --geojson
	@benchmarks/run $(BIN)/lydigital $(BENCH) $(DATA) $(ROUNDS)
	$(BIN)/python $(BENCH)/report.py $$(ls benchmarks/qgis.json 2>/dev/null) benchmarks/lydigital.json --md benchmarks/results.md

# Pin what is installed now; no addresses in the file.
lock:
	$(BIN)/pip freeze --exclude-editable | LC_ALL=C sort -f > requirements.lock

clean:
	rm -rf $(VENV) out .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(STAMPS)/run: pyproject.toml requirements.lock .ci/packages
	@.ci/packages $(RUN_PACKAGES)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable .
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/test: $(STAMPS)/run
	@.ci/packages $(TEST_PACKAGES)
	$(BIN)/pip install --quiet --editable '.[dev,postgis]'
	@touch $@
