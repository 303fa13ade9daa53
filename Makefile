# make          what each verb does
# make run      everything embedded, with sandbox vendors (ARGS=--once ends by itself)
# make test     everything that must hold, on real servers that come as wheels
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PEERS := .venv-peers/.ready .venv-peers-arq/.ready
ARGS ?=
# Processes that test: they wait for servers half of their time. 0 where RELAY_TEST_BROKER_URL names
# one broker for all.
JOBS ?= 3
LOCK := $(BIN)/pip-compile --quiet --strip-extras --generate-hashes --allow-unsafe \
  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links

.DEFAULT_GOAL := help
.PHONY: help venv run test check format docs pictures chaos bench lock secrets clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1|/' | column -t -s '|'

$(READY): requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

venv: $(READY) ## the virtual environment the others stand on

run: $(READY) ## start everything embedded; ARGS=--once ends by itself when the samples are settled
	$(BIN)/chargerelay up $(ARGS)

test: $(READY) ## every test, on real Valkey, SQLite and PostgreSQL
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(ARGS)

check: $(READY) ## ruff, mypy, import-linter
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## let ruff write
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(READY) ## write what of docs is made from the code
	$(BIN)/python -m worker.systems_page > docs/systems.md
	$(BIN)/python -m worker.contracts docs
	$(BIN)/python -m worker.reference docs

pictures: $(READY) ## the console's pictures in docs, of five minutes of a relay at work
	RELAY_TEST_PICTURES=docs/images $(BIN)/python -m pytest -q tests/journey/test_console_journey.py

chaos: $(READY) ## every fault of the matrix, the exact count of each; writes docs/reliability.md
	$(BIN)/python -m tests.chaos $(ARGS)

# arq's is its own: it wants a redis-py that is older than the others'
.venv-peers/.ready: benchmarks/peers/requirements.txt
.venv-peers-arq/.ready: benchmarks/peers/requirements-arq.txt
$(PEERS):
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

bench: $(READY) $(PEERS) ## what docs say of speed, measured side by side with peers in one run
	$(BIN)/python -m benchmarks $(ARGS)

lock: $(READY) ## write requirements/*.txt anew, with hashes and without any registry address
	$(LOCK) --extra otel -o requirements/runtime.txt pyproject.toml
	$(LOCK) --extra otel --extra sandbox -o requirements/sandbox.txt pyproject.toml
	$(LOCK) --extra embedded --extra otel --extra sandbox --extra dev -o requirements/dev.txt pyproject.toml
	for name in requirements requirements-arq; do \
	  $(LOCK) -o benchmarks/peers/$$name.txt benchmarks/peers/$$name.in || exit 1; done

# In a directory for its owner alone the files may be read by all: a container sees the file, not the
# directory, and each has another user.
secrets: ## write those that docker-compose.yml asks for, random, where there are none
	@mkdir -p secrets/vendors && chmod 700 secrets && chmod 755 secrets/vendors
	@random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }; umask 022; \
	for name in relay_broker_password relay_journal_password grafana_admin_password; do \
	  [ -s secrets/$$name ] || random > secrets/$$name; done; \
	[ -s secrets/relay_flower_login ] || echo "flower:$$(random)" > secrets/relay_flower_login; \
	[ -s secrets/relay_console_logins ] || echo "operator:$$(random)" > secrets/relay_console_logins
	@ls -l secrets

clean: ## forget the virtual environment and the embedded data
	rm -rf $(VENV) $(dir $(PEERS)) var
