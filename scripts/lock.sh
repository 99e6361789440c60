#!/bin/sh
# Writes the hash-pinned lock files from pyproject.toml. One resolution (dev.lock) pins all of them.
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
# The two images: all of it with an object store, and the service without the training side.
lock pyproject.toml -c requirements/dev.lock --extra s3 -o requirements/platform.lock
lock -c requirements/dev.lock --group serving -o requirements/serving.lock
# What installs the rest: uv itself, and the build backend of this project.
lock requirements/bootstrap.in -o requirements/bootstrap.lock
# What looks at everything that is not Python, in an environment of its own.
lock requirements/checks.in -o requirements/checks.lock
