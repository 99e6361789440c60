# `make run` and `make test` need Python 3.11, make and a package registry; everything else they install into .venv.
PYTHON ?= python3.11
export PYTHON RELEASE VALUES NAMESPACE PLATFORM SERVING SERVICE API_KEY PROMETHEUS

bin := .venv/bin
sources := migraine_assets migraine_assets_tests benchmarks $(wildcard serving)
installed = .venv/.installed-$(1)

.DEFAULT_GOAL := help
.PHONY: help run ui serve demo-drift test lint format types unit postgres rules chart checks dashboards image screenshots docs lock clean \
	validate audit images scan deploy api-tests watch-check notify

help: ## Show what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/.installed-%: requirements/%.lock requirements/bootstrap.lock pyproject.toml scripts/environment.sh
	@scripts/environment.sh $*
	@touch $@

run: $(call installed,$(if $(filter kostecki_dillon,$(SOURCE)),kostecki-dillon,run)) ## Train on a diary: make run SOURCE=synthetic|kostecki_dillon|PATH MAPPING=FILE
	@$(bin)/migraine run $(if $(SOURCE),--source '$(SOURCE)') $(if $(MAPPING),--mapping '$(MAPPING)')

ui: $(call installed,run) ## Dagster UI on 3000 and MLflow UI on 5000, until Ctrl-C
	@exec $(bin)/migraine ui

serve: $(call installed,run) ## The HTTP service on 127.0.0.1:8000, until Ctrl-C
	@exec $(bin)/migraine serve

demo-drift: $(call installed,run) ## A model grows wrong and is replaced by itself: the whole loop in minutes
	@$(bin)/python -m demo

test: lint types unit ## Lint, types and tests

lint: $(call installed,dev)
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/lint-imports

types: $(call installed,dev)
	$(bin)/mypy

unit: $(call installed,dev)
	$(bin)/pytest --cov --cov-report=term:skip-covered --cov-fail-under=85

postgres: $(call installed,dev) ## Whole runs with their records in a real PostgreSQL instead of SQLite
	@$(bin)/python -m migraine_assets_tests.platform.postgres

rules: $(call installed,dev) ## Alert rules, dashboards and runbooks against a live Prometheus
	$(bin)/pytest migraine_assets_tests/platform/rules

chart: $(call installed,dev) ## Lint, render, validate and run the Helm chart with both engines
	@MIGRAINE_HELM=$$(scripts/helm3.sh) $(bin)/pytest migraine_assets_tests/platform/helm

checks: $(call installed,dev) ## Dockerfile, shell, workflows, rendered chart, secrets
	@scripts/checks.sh

dashboards: $(call installed,dev) ## Write the Grafana dashboards from their tables
	@$(bin)/python scripts/dashboards.py

image: $(call installed,dev) ## Build both images and run them, without a Docker engine (root, Debian)
	@scripts/image.sh

# What the workflow of .github does, each also by hand.

validate: $(call installed,$(if $(filter kostecki_dillon,$(SOURCE)),kostecki-dillon,run)) ## Read and check a diary without training: make validate SOURCE=...
	@$(bin)/migraine validate '$(or $(SOURCE),synthetic)' $(if $(MAPPING),--mapping '$(MAPPING)')

audit: $(call installed,dev) ## Known holes in the packages (asks a database on the network)
	@scripts/checks.sh audit

images: ## Build both images with Docker
	docker build --target platform --tag migraine-platform .
	docker build --target serving --tag migraine-serving .

scan: $(call installed,dev) ## Known holes in both images, and what they are made of (asks a database on the network)
	@scripts/checks.sh images

deploy: ## helm upgrade --atomic: make deploy RELEASE=... VALUES='FILE ...' [PLATFORM=sha256:... SERVING=sha256:...]
	@scripts/deploy.sh

api-tests: $(call installed,dev) ## Schemathesis against a running service: make api-tests SERVICE=http://... API_KEY=...
	@scripts/api_tests.sh

watch-check: $(call installed,dev) ## Rules, targets and alerts of a Prometheus: make watch-check PROMETHEUS=http://...
	@$(bin)/python scripts/watch.py

notify: ## Tell Slack how the stages ended: SLACK_WEBHOOK, RESULTS, RUN
	@$(PYTHON) scripts/notify.py

format: $(call installed,dev) ## Format the code
	$(bin)/ruff check --fix .
	$(bin)/ruff format .

screenshots: $(call installed,run) ## The README's pictures, from what `make run` left (needs Chromium)
	@scripts/screenshots.sh

docs: $(call installed,dev) ## Write the generated tables into the documents
	@$(bin)/python scripts/reference_tables.py
	@$(bin)/python scripts/metrics.py

lock: $(call installed,dev) ## Write the lock files anew from pyproject.toml
	scripts/lock.sh

clean: ## Remove the environment and the caches (never the state under MIGRAINE_HOME)
	rm -rf .venv .venv-checks .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage
