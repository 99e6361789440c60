#!/usr/bin/env bash
# Copies the newest reports to build/sample-report, as a static site: `make sample-report`, after `make run`.
set -euo pipefail
cd "$(dirname "$0")/.."

reports=${MIGRAINE_HOME:-.migraine}/reports
if [ ! -f "$reports/latest/index.html" ]; then
  echo "There is no report in $reports. Run: make run" >&2
  exit 2
fi
site=build/sample-report
rm -rf "$site"
mkdir -p "$site"
cp -RL "$reports/latest/." "$site/"
if [ -d "$reports/monitoring" ]; then
  cp -R "$reports/monitoring" "$site/monitoring"
fi
echo "$site/index.html"
