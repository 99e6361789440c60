#!/usr/bin/env bash
# Checks everything that is not Python, offline: Dockerfile, scripts, workflows, rendered chart, secrets. `make checks`.
# The arguments `audit` and `images` check the dependencies and the two images for known vulnerabilities (online).
set -euo pipefail
cd "$(dirname "$0")/.."

tools=.venv-checks
if [ ! -x "$tools/bin/checkov" ] || [ requirements/checks.lock -nt "$tools/.installed" ]; then
  echo "Installing the tools from requirements/checks.lock"
  "${PYTHON:-python3.11}" -m venv "$tools"
  .venv/bin/uv pip install --python "$tools" --quiet --require-hashes --no-deps -r requirements/checks.lock
  touch "$tools/.installed"
fi
PATH=$PWD/$tools/bin:$PATH

case "${1:-}" in
  audit)
    exec pip-audit --disable-pip --require-hashes --requirement requirements/dev.lock
    ;;
  images)
    mkdir -p build
    for name in platform serving; do
      trivy image --quiet --format cyclonedx --output "build/migraine-$name.cdx.json" "migraine-$name"
      trivy image --quiet --ignore-unfixed --severity HIGH,CRITICAL --exit-code 1 "migraine-$name"
    done
    exit
    ;;
esac

rendered=$(mktemp -d)
trap 'rm -rf "$rendered"' EXIT
.venv/bin/python scripts/render.py "$rendered"

step() { printf '%-11s %s\n' "$1" "$2"; }
step hadolint Dockerfile
hadolint Dockerfile
step shellcheck "scripts"
git ls-files -z -- '*.sh' .ci/run | xargs -0 shellcheck
step actionlint ".github/workflows"
actionlint
step zizmor ".github"
zizmor --offline --quiet --persona regular .github
step checkov "chart, with each example of values"
checkov --config-file .checkov.yaml --directory "$rendered" >"$rendered/checkov.log" 2>&1 || {
  cat "$rendered/checkov.log"
  exit 1
}
step trivy "chart, Dockerfile, secrets"
trivy config --skip-check-update --quiet --exit-code 1 "$rendered"
trivy config --skip-check-update --quiet --exit-code 1 Dockerfile
trivy fs --scanners secret --skip-dirs .venv --skip-dirs "$tools" --offline-scan --quiet --exit-code 1 .
