#!/usr/bin/env bash
# Takes the screenshots of the README, after `make run`: `make screenshots`. Needs Chromium.
set -euo pipefail
cd "$(dirname "$0")/.."

browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
  echo "Chromium was not found. On Debian or Ubuntu: apt-get install chromium" >&2
  exit 2
}
home=${MIGRAINE_HOME:-.migraine}
if [ ! -f "$home/reports/latest/attack.html" ]; then
  echo "There is no report in $home. Run: make run" >&2
  exit 2
fi
port=${PORT:-3010}
reports=$((port + 2))
profile=$(mktemp -d)
.venv/bin/migraine ui --port "$port" --mlflow-port $((port + 1)) --reports-port "$reports" >"$profile/log" 2>&1 &
ui=$!
page=http://127.0.0.1:$((port + 3))
.venv/bin/migraine serve --plain --port $((port + 3)) >"$profile/service-log" 2>&1 &
service=$!
stop() {
  kill "$ui" "$service" 2>/dev/null || true
  wait "$ui" "$service" 2>/dev/null || true
  rm -rf "$profile"
}
trap stop EXIT
for _ in $(seq 120); do
  curl --silent --fail --output /dev/null "http://127.0.0.1:$port/server_info" && break
  sleep 1
done

mkdir -p docs/images
shot() { # NAME WIDTHxHEIGHT ADDRESS
  "$browser" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
    --hide-scrollbars --user-data-dir="$profile/browser" --window-size="${2/x/,}" --virtual-time-budget=30000 \
    --screenshot="docs/images/$1.png" "$3" >>"$profile/log" 2>&1
  echo "docs/images/$1.png"
}
shot assets 1700x1300 "http://127.0.0.1:$port/locations/migraine_assets/asset-groups/g3_classifiers"
shot report 1200x860 "http://127.0.0.1:$reports/latest/attack.html"
for _ in $(seq 120); do
  curl --silent --fail --output /dev/null "$page/ready" && break
  sleep 1
done
.venv/bin/python scripts/page_screenshots.py "$page"
