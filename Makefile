# Needs Python 3.11, make and a package registry. Everything else is installed into .venv.
PYTHON ?= python3.11
export PYTHON RELEASE VALUES NAMESPACE PLATFORM SERVING SERVICE API_KEY PROMETHEUS

# Processes that run tests at the same time: one more than two cores, because tests often wait for other processes.
WORKERS ?= 3

bin := .venv/bin
# The tests of one file run in one process, because they share what takes long to start.
pytest := $(bin)/pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder
# Playwright's event loop must not meet those of other tests, so they have a process of their own.
browser := migraine_assets_tests/platform/browser
sources := migraine_assets migraine_assets_tests migraine_client benchmarks $(wildcard serving)
installed = .venv/.installed-$(1)

.DEFAULT_GOAL := help
.PHONY: help run ui serve demo-drift test test-all static fast-tests browser-tests all-tests lint format types postgres rules chart checks feast \
	dashboards image screenshots recording sample-report docs lock clean validate audit images scan deploy \
	api-tests watch-check notify

help:
	@awk -F ':.*## ' ' \
	    /^## / { printf "%s%s\n", group++ ? "\n" : "", substr($$0, 4) } \
	    /^[a-z-]+:.*## / { \
	        line = sprintf("  %-13s", $$1); count = split($$2, words, " "); \
	        for (k = 1; k <= count; k++) { \
	            if (length(line) + length(words[k]) + 1 > 80) { print line; line = sprintf("%15s", "") } \
	            line = line " " words[k] \
	        } \
	        print line \
	    }' $(MAKEFILE_LIST)

.venv/.installed-%: requirements/%.lock requirements/bootstrap.lock pyproject.toml scripts/environment.sh
	@scripts/environment.sh $*
	@touch $@

## Use the platform (make COMMAND)

run: $(call installed,$(if $(filter kostecki_dillon,$(SOURCE)),kostecki-dillon,run)) ## Train and evaluate models on a diary: make run SOURCE=synthetic|kostecki_dillon|PATH MAPPING=FILE
	@$(bin)/migraine run $(if $(SOURCE),--source '$(SOURCE)') $(if $(MAPPING),--mapping '$(MAPPING)')

ui: $(call installed,run) ## Start the UIs of Dagster (port 3000) and MLflow (5000), and the reports (3002)
	@exec $(bin)/migraine ui

serve: $(call installed,run) ## Start the HTTP service on 127.0.0.1:8000
	@exec $(bin)/migraine serve

demo-drift: $(call installed,run) ## Demonstrate drift: detection, retraining and promotion in a few minutes
	@$(bin)/python -m demo

validate: $(call installed,$(if $(filter kostecki_dillon,$(SOURCE)),kostecki-dillon,run)) ## Validate a diary without training: make validate SOURCE=...
	@$(bin)/migraine validate '$(or $(SOURCE),synthetic)' $(if $(MAPPING),--mapping '$(MAPPING)')

## Develop

test: $(call installed,dev) ## Run lint, type checks and all tests except the slow ones
	@$(MAKE) --no-print-directory -j2 static fast-tests

test-all: $(call installed,dev) ## Run lint, type checks and all tests, with branch coverage
	@$(MAKE) --no-print-directory -j3 static browser-tests all-tests

lint: $(call installed,dev)
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/lint-imports

types: $(call installed,dev)
	$(bin)/mypy

# Types after lint, at the same time as the tests.
static: lint
	@$(MAKE) --no-print-directory types

fast-tests: $(call installed,dev)
	$(pytest) -m "not slow" --ignore=$(browser)

browser-tests: $(call installed,dev)
	$(bin)/pytest $(browser)

all-tests: $(call installed,dev)
	$(pytest) --ignore=$(browser) --cov --cov-report=term:skip-covered --cov-fail-under=95

postgres: $(call installed,dev) ## Run the end-to-end tests with PostgreSQL instead of SQLite
	@$(bin)/python -m migraine_assets_tests.platform.postgres

rules: $(call installed,dev) ## Test alert rules, dashboards and runbooks against a running Prometheus
	$(bin)/pytest migraine_assets_tests/platform/rules

chart: $(call installed,dev) ## Test the Helm chart with Helm 3 and Helm 4
	@MIGRAINE_HELM=$$(scripts/helm3.sh) $(bin)/pytest migraine_assets_tests/platform/helm

.venv-feast/.installed: requirements/feast.lock
	$(PYTHON) -m venv .venv-feast
	$(bin)/uv pip install --python .venv-feast --quiet --require-hashes --no-deps -r $<
	@touch $@

feast: $(call installed,dev) .venv-feast/.installed ## Test the Feast repository with Feast itself, in an environment of its own
	$(bin)/pytest migraine_assets_tests/platform/feast

checks: $(call installed,dev) ## Check the Dockerfile, scripts, workflows and chart, and search for secrets (offline)
	@scripts/checks.sh

dashboards: $(call installed,dev) ## Generate the Grafana dashboards
	@$(bin)/python scripts/dashboards.py

image: $(call installed,dev) ## Build and test both images without Docker (needs root and Debian)
	@scripts/image.sh

format: $(call installed,dev) ## Format the code
	$(bin)/ruff check --fix .
	$(bin)/ruff format .

screenshots: $(call installed,dev) ## Take the screenshots of the documents (needs Chromium and a finished `make run`)
	@scripts/screenshots.sh

recording: $(call installed,run) ## Record the animation of the README: 14 simulated days with real results
	@OMP_NUM_THREADS=1 $(bin)/python -m demo.recording

sample-report: ## Copy the newest reports to build/sample-report, as a static site
	@scripts/sample_report.sh

docs: $(call installed,dev) ## Update the generated tables in the documentation
	@$(bin)/python scripts/reference_tables.py
	@$(bin)/python scripts/metrics.py

lock: $(call installed,dev) ## Update the lock files from pyproject.toml
	scripts/lock.sh

clean: ## Delete the environment and all caches, but not MIGRAINE_HOME
	rm -rf .venv .venv-checks .venv-feast .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage

# Steps of the CI workflow (.github), which can also be run locally.
## Steps of CI and of a release

audit: $(call installed,dev) ## Check dependencies for known vulnerabilities (needs network)
	@scripts/checks.sh audit

images: ## Build both images with Docker
	docker build --target platform --tag migraine-platform .
	docker build --target serving --tag migraine-serving .

scan: $(call installed,dev) ## Check both images for known vulnerabilities and write their SBOMs (needs network)
	@scripts/checks.sh images

deploy: ## Install or upgrade a Helm release: make deploy RELEASE=... VALUES='FILE ...' [PLATFORM=sha256:... SERVING=sha256:...]
	@scripts/deploy.sh

api-tests: $(call installed,dev) ## Test a running service against its OpenAPI document: make api-tests SERVICE=http://... API_KEY=...
	@scripts/api_tests.sh

watch-check: $(call installed,dev) ## Check the rules, targets and alerts of a Prometheus: make watch-check PROMETHEUS=http://...
	@$(bin)/python scripts/watch.py

notify: ## Send the results of a CI run to Slack: SLACK_WEBHOOK, RESULTS, RUN
	@$(PYTHON) scripts/notify.py
