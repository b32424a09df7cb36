# `make demo` and `make test` need Python 3.10 or later and nothing else.
PYTHON ?= python3
VENV ?= .venv
PORT ?= 8000
SECONDS ?= 120
SEED ?= 1
# Tests run in so many processes, each file in one.
WORKERS ?= 2
BIN = $(VENV)/bin

.PHONY: demo test lint docs screenshots chaos messages tox clean

demo: $(VENV)/.demo
	DEMO=true DEBUG=true $(BIN)/python manage.py demo --port $(PORT)

test: $(VENV)/.test
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile

lint: $(VENV)/.lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/bandit -q -c pyproject.toml -r sepahan_django
	$(BIN)/python .ci/audit

docs: $(VENV)/.docs
	$(BIN)/python -m sphinx -q -b html -E -n -W --keep-going docs var/docs

# Needs Chromium. Writes to var/screenshots.
screenshots: $(VENV)/.test
	$(BIN)/python -m tests.screenshots

# Workers killed at random against a gateway that misbehaves, on the database of DATABASE_URL.
chaos: $(VENV)/.test
	$(BIN)/python -m tests.chaos.run --seconds $(SECONDS) --seed $(SEED)

# Needs gettext.
messages: $(VENV)/.test
	cd sepahan_django && ../$(BIN)/django-admin makemessages -l fa --no-obsolete --no-location
	cd sepahan_django && ../$(BIN)/django-admin compilemessages -l fa

tox: $(VENV)/.test
	$(BIN)/pip install -q tox
	$(BIN)/tox

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --upgrade pip

$(VENV)/.demo: $(VENV)/bin/python setup.cfg
	$(BIN)/python -m pip install -q -e ".[example]"
	touch $@

$(VENV)/.test: $(VENV)/bin/python setup.cfg
	$(BIN)/python -m pip install -q -e ".[test]"
	touch $@

$(VENV)/.docs: $(VENV)/bin/python setup.cfg
	$(BIN)/python -m pip install -q -e ".[docs]"
	touch $@

$(VENV)/.lint: $(VENV)/.test
	$(BIN)/python -m pip install -q -e ".[lint]"
	touch $@

clean:
	rm -rf $(VENV) var build *.egg-info .pytest_cache .mypy_cache .ruff_cache .tox
