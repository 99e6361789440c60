#!/usr/bin/env bash
# Installs or upgrades a Helm release, waits for its pods, and runs its tests. A failed upgrade is rolled back.
#
# With serving.mode=deployment, pods are not ready before there is a champion. Run the first installation without --atomic.
set -euo pipefail
cd "$(dirname "$0")/.."

: "${RELEASE:?Set RELEASE to the name of the release: make deploy RELEASE=migraine-platform}"
namespace=${NAMESPACE:-$RELEASE}
options=()
for file in ${VALUES:-}; do
  options+=(--values "$file")
done
[ -z "${PLATFORM:-}" ] || options+=(--set "images.platform.digest=$PLATFORM")
[ -z "${SERVING:-}" ] || options+=(--set "images.serving.digest=$SERVING")
if [ -n "${REGISTRY:-}" ]; then
  options+=(--set "images.platform.repository=$REGISTRY/migraine-platform" --set "images.serving.repository=$REGISTRY/migraine-serving")
fi

helm upgrade --install --atomic --timeout 20m --namespace "$namespace" --create-namespace \
  "${options[@]}" "$RELEASE" helm/migraine-platform
helm test --namespace "$namespace" "$RELEASE"
