#!/bin/sh
# Installs the packages of a lock file into .venv. Usage: scripts/environment.sh run|kostecki-dillon|dev
set -eu
cd "$(dirname "$0")/.."
lock=requirements/$1.lock
python=${PYTHON:-python3.11}

stop() {
  printf '%s\n' "$@" >&2
  exit 2
}

case "$(uname -s) $(uname -m)" in
  "Linux x86_64" | "Linux aarch64" | "Darwin arm64") ;;
  *) stop "$(uname -s) on $(uname -m) is not supported, because some packages do not exist for it. Use Linux on x86_64 or aarch64, or macOS on Apple silicon." ;;
esac

if [ ! -x .venv/bin/uv ]; then
  command -v "$python" >/dev/null 2>&1 || stop "$python is not on the PATH. Install Python 3.11, or choose one: make run PYTHON=/path/to/python3.11"
  "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || stop "$python is $("$python" --version). Python 3.11 is needed: make run PYTHON=/path/to/python3.11"
  echo "Creating the environment in .venv"
  rm -rf .venv
  "$python" -m venv .venv || stop "$python cannot create a virtual environment. On Debian or Ubuntu: apt-get install python3.11-venv"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.lock
fi
echo "Installing the packages from $lock"
.venv/bin/uv pip install --python .venv --quiet --require-hashes --no-deps --compile-bytecode -r "$lock"
.venv/bin/uv pip install --python .venv --quiet --no-deps --no-build-isolation --editable .
.venv/bin/python -c 'import lightgbm' || stop "LightGBM cannot be loaded. Its OpenMP runtime may be missing. On Debian or Ubuntu: apt-get install libgomp1"
