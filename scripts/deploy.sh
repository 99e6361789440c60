#!/usr/bin/env bash
# Installs or upgrades a release and looks whether it is well; what fails is rolled back. Waits for its pods, so the first
# installation with serving.mode=deployment, whose pods are not ready before there is a champion, is done without it.
set -euo pipefail
cd "$(dirname "$0")/.."

: "${RELEASE:?Name a release: make deploy RELEASE=migraine-platform}"
namespace=${NAMESPACE:-$RELEASE}
given=()
for file in ${VALUES:-}; do
  given+=(--values "$file")
done
[ -z "${PLATFORM:-}" ] || given+=(--set "images.platform.digest=$PLATFORM")
[ -z "${SERVING:-}" ] || given+=(--set "images.serving.digest=$SERVING")
if [ -n "${REGISTRY:-}" ]; then
  given+=(--set "images.platform.repository=$REGISTRY/migraine-platform" --set "images.serving.repository=$REGISTRY/migraine-serving")
fi

helm upgrade --install --atomic --timeout 20m --namespace "$namespace" --create-namespace \
  "${given[@]}" "$RELEASE" helm/migraine-platform
helm test --namespace "$namespace" "$RELEASE"
