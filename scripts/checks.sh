#!/usr/bin/env bash
# Looks at what is not Python: `make checks`. Dockerfile, shell, workflows, the rendered chart, secrets; all offline.
# With the argument `audit` or `images` at what a database on the network knows of packages and of the two images.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=.venv-checks
if [ ! -x "$tools/bin/checkov" ] || [ requirements/checks.lock -nt "$tools/.installed" ]; then
  echo "Installing the tools that requirements/checks.lock pins"
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

say() { printf '%-11s %s\n' "$1" "$2"; }
say hadolint Dockerfile
hadolint Dockerfile
say shellcheck "scripts and hooks"
git ls-files -z -- '*.sh' .ci/run | xargs -0 shellcheck
say actionlint ".github/workflows"
actionlint
say zizmor ".github"
zizmor --offline --quiet --persona regular .github
say checkov "the chart, every way to install it"
checkov --config-file .checkov.yaml --directory "$rendered" >"$rendered/checkov.log" 2>&1 || {
  cat "$rendered/checkov.log"
  exit 1
}
say trivy "the chart, the Dockerfile, secrets"
trivy config --skip-check-update --quiet --exit-code 1 "$rendered"
trivy config --skip-check-update --quiet --exit-code 1 Dockerfile
trivy fs --scanners secret --skip-dirs .venv --skip-dirs "$tools" --offline-scan --quiet --exit-code 1 .
