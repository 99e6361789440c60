#!/bin/sh
# Writes the hash-pinned lock files from pyproject.toml. One resolution (dev.lock) pins all of them.
set -eu
cd "$(dirname "$0")/.."
UV=${UV:-.venv/bin/uv}
lock() {
  "$UV" pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-annotate --no-header --quiet "$@"
}
lock --all-extras -o requirements/dev.lock
lock -c requirements/dev.lock -o requirements/run.lock
lock -c requirements/dev.lock --extra kostecki-dillon -o requirements/kostecki-dillon.lock
# What installs the rest: uv itself, and the build backend of this project.
"$UV" pip compile requirements/bootstrap.in --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-annotate --no-header --quiet -o requirements/bootstrap.lock
