#!/bin/sh
# Writes the lock files from pyproject.toml, with hashes. All use the versions of dev.lock.
set -eu
cd "$(dirname "$0")/.."
UV=${UV:-.venv/bin/uv}
lock() {
  "$UV" pip compile "$@" --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-annotate --no-header --quiet
}
lock pyproject.toml --all-extras -o requirements/dev.lock
lock pyproject.toml -c requirements/dev.lock -o requirements/run.lock
lock pyproject.toml -c requirements/dev.lock --extra kostecki-dillon -o requirements/kostecki-dillon.lock
# The two images: the whole platform with S3 support, and the service alone.
lock pyproject.toml -c requirements/dev.lock --extra s3 -o requirements/platform.lock
lock -c requirements/dev.lock --group serving -o requirements/serving.lock
# uv, which installs the other lock files, and the build backend of this project.
lock requirements/bootstrap.in -o requirements/bootstrap.lock
# Feast for `make feast`, which has its own environment.
lock requirements/feast.in -o requirements/feast.lock
# The tools of `make checks`, which have their own environment.
lock requirements/checks.in -o requirements/checks.lock
