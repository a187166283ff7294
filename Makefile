# `make demo` and `make test` set up what they need; only Python 3.10+ and make must be there

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: demo demo-vendor test lint format bench clean

$(VENV)/.ready: requirements.txt amazon_selling_partner/requirements.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.10 or newer is needed" if sys.version_info < (3, 10) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	touch $@

demo: $(VENV)/.ready
	$(BIN)/python amazon_selling_partner_pipeline.py demo

demo-vendor: $(VENV)/.ready
	$(BIN)/python amazon_selling_partner_pipeline.py demo-vendor

test: $(VENV)/.ready
	$(BIN)/python -m pytest

lint: $(VENV)/.ready
	$(BIN)/black --check --quiet --exclude '/(sources|\.venv)/' .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy -p amazon_selling_partner
	$(BIN)/mypy amazon_selling_partner_pipeline.py

format: $(VENV)/.ready
	$(BIN)/black --quiet --exclude '/(sources|\.venv)/' .
	$(BIN)/ruff check --quiet --fix .

bench: $(VENV)/.ready
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) _storage *.duckdb
