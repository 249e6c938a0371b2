# make demo: the main job end to end. make test: lint, types and the suite. Both set up what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# One thread of linear algebra per process: more are slower on busy machines, and not reproducible.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1

.PHONY: demo test suite sdks aws-command-line lint docs serve bench clean

demo: $(READY)
	$(BIN)/personalize-local demo

test: lint suite

suite: $(READY)
	$(BIN)/python -m pytest -n auto --dist worksteal

# Other SDKs that the suite drives where they are: that of JavaScript needs npm; aws is only installed where there is none.
SDKS := tests/sdks
JAVASCRIPT := $(SDKS)/javascript/node_modules/.package-lock.json
sdks: $(JAVASCRIPT) aws-command-line

aws-command-line:
	aws --version >/dev/null 2>&1 || $(SDKS)/aws/bin/aws --version >/dev/null 2>&1 || { \
		$(PYTHON) -m venv $(SDKS)/aws && \
		$(SDKS)/aws/bin/python -m pip install --quiet --disable-pip-version-check --retries 1 --timeout 20 awscli; }

$(JAVASCRIPT): $(SDKS)/javascript/package-lock.json
	cd $(SDKS)/javascript && npm ci --silent --no-audit --no-fund --fetch-retries 1 --fetch-timeout 20000
	touch $@

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(READY)
	$(BIN)/python docs/generate.py

serve: $(READY)
	$(BIN)/personalize-local serve

bench: $(READY)
	$(BIN)/python benchmarks/run.py

clean:
	rm -rf $(VENV) $(SDKS)/aws $(SDKS)/javascript/node_modules dist build .mypy_cache .ruff_cache .pytest_cache

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@
