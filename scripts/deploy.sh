#!/usr/bin/env bash
# Installs or upgrades a Helm release, waits for its pods, and runs its tests. A failed upgrade is rolled back.
#
# The first installation neither waits nor is it tested: with serving.mode=deployment, no pod of the service is ready before
# there is a champion. Train one, as Helm's notes say, and run this again.
set -euo pipefail
cd "$(dirname "$0")/.."

: "${RELEASE:?Set RELEASE to the name of the release: make deploy RELEASE=migraine-platform}"
namespace=${NAMESPACE:-$RELEASE}
# Longer than migration.timeoutSeconds, since Helm waits for the migration first.
timeout=20m
options=(--timeout "$timeout" --namespace "$namespace" --create-namespace)
for file in ${VALUES:-}; do
  options+=(--values "$file")
done
[ -z "${PLATFORM:-}" ] || options+=(--set "images.platform.digest=$PLATFORM")
[ -z "${SERVING:-}" ] || options+=(--set "images.serving.digest=$SERVING")
if [ -n "${REGISTRY:-}" ]; then
  options+=(--set "images.platform.repository=$REGISTRY/migraine-platform" --set "images.serving.repository=$REGISTRY/migraine-serving")
fi

rollback=--atomic
if [[ $(helm version --template '{{.Version}}') == v4.* ]]; then
  rollback=--rollback-on-failure
  # Helm 4 applies on the server. Fields of older releases that KubeRay's operator has written would be conflicts.
  options+=(--server-side=true --force-conflicts)
fi

if [ -z "$(helm list --namespace "$namespace" --deployed --short --filter "^$RELEASE\$")" ]; then
  exec helm upgrade --install "${options[@]}" "$RELEASE" helm/migraine-platform
fi

helm upgrade "$rollback" "${options[@]}" "$RELEASE" helm/migraine-platform
# Helm does not know when a RayService is ready: a changed cluster starts beside the old one.
services=$(helm get manifest --namespace "$namespace" "$RELEASE" | awk '$1 == "kind:" {ray = $2 == "RayService"} ray && $1 == "name:" {print $2; ray = 0}')
for service in $services; do
  object=rayservice/$service
  generation=$(kubectl --namespace "$namespace" get "$object" --output 'jsonpath={.metadata.generation}')
  for condition in "jsonpath={.status.observedGeneration}=$generation" condition=UpgradeInProgress=False condition=Ready; do
    kubectl --namespace "$namespace" wait "$object" --timeout "$timeout" --for "$condition"
  done
done
helm test --namespace "$namespace" "$RELEASE"
