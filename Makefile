# `make demo` and `make test` set up what they need; only Python 3.10+ and make must be there

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: demo demo-vendor test test-slow lint format docs bench chaos clean

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

test-slow: $(VENV)/.ready
	$(BIN)/python -m pytest -m slow

lint: $(VENV)/.ready
	$(BIN)/black --check --quiet --exclude '/(sources|\.venv)/' .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy -p amazon_selling_partner -p sp_api_simulator
	$(BIN)/mypy amazon_selling_partner_pipeline.py

format: $(VENV)/.ready
	$(BIN)/black --quiet --exclude '/(sources|\.venv)/' .
	$(BIN)/ruff check --quiet --fix .

docs: $(VENV)/.ready
	$(BIN)/python -m docs.generate

bench: $(VENV)/.ready
	$(BIN)/python -m benchmarks

# 1,000 kills, in one and two accounts, into DuckDB and PostgreSQL; with fewer and less time:
# make chaos CHAOS="--runs 20 --kills 18 --days 10 --seconds 120"
CHAOS = --runs 210 --kills 200 --days 90 --faults 0.5
POSTGRES = postgresql://postgres:postgres@127.0.0.1:5432/test

chaos: $(VENV)/.ready
	$(BIN)/python -m benchmarks.soak $(CHAOS)
	$(BIN)/python -m benchmarks.soak $(CHAOS) --accounts 2
	$(BIN)/python -m benchmarks.soak $(CHAOS) --destination $(POSTGRES)
	$(BIN)/python -m benchmarks.soak $(CHAOS) --destination $(POSTGRES) --accounts 2

clean:
	rm -rf $(VENV) _storage *.duckdb
