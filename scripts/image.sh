#!/usr/bin/env bash
# Builds both images from the Dockerfile and runs them, without a Docker engine: `make image`.
#
# The base is a Debian made here by debootstrap, which stands in for python:3.11-slim-bookworm, so that the check needs
# Debian's packages and a Python registry only. Needs root, Linux, and: buildah podman crun debootstrap.
set -euo pipefail
cd "$(dirname "$0")/.."

stand_in=docker.io/library/python:3.11-slim-bookworm
keep=${MIGRAINE_IMAGE_FOLDER:-}

stop() {
  printf '%s\n' "$@" >&2
  exit 2
}

[ "$(id -u)" = 0 ] || stop "The images are built and run in namespaces of their own: run this as root."
for tool in buildah podman crun debootstrap; do
  command -v "$tool" >/dev/null || stop "There is no $tool. On Debian or Ubuntu: apt-get install buildah podman crun debootstrap"
done

# Once more in a mount namespace: what is mounted here is gone with it.
if [ "${1:-}" != inside ]; then
  folder=${keep:-$(mktemp -d /var/tmp/migraine-image.XXXXXX)}
  result=0
  unshare --mount --propagation private "$0" inside "$folder" || result=$?
  [ -n "$keep" ] || rm -rf --one-file-system "$folder"
  exit "$result"
fi

folder=$2
mkdir -p "$folder"
# Engines of containers look for cgroups that a machine without systemd does not give them.
mount -t tmpfs tmpfs /sys/fs/cgroup
export STORAGE_DRIVER=overlay
storage=(--root "$folder/storage" --runroot "$folder/run")
buildah() { command buildah "${storage[@]}" "$@"; }

# A registry of its own, and the certificates of a network that looks into TLS, are this machine's: they are lent to
# the build and leave nothing in the images.
lent=()
for file in /etc/pip.conf /etc/uv/uv.toml; do
  [ ! -e "$file" ] || lent+=(--volume "$file:$file:ro")
done
if [ -n "${SSL_CERT_FILE:-}" ]; then
  printf 'system-certs = true\n' >"$folder/uv.toml"
  lent+=(--volume "$(dirname "$SSL_CERT_FILE"):$(dirname "$SSL_CERT_FILE"):ro")
  [ -e /etc/uv/uv.toml ] || lent+=(--volume "$folder/uv.toml:/etc/uv/uv.toml:ro")
fi

if ! buildah images --quiet "$stand_in" >/dev/null 2>&1; then
  echo "Making the base with debootstrap"
  debootstrap --variant=minbase --include=python3-venv,ca-certificates bookworm "$folder/base" >"$folder/debootstrap.log" \
    || stop "debootstrap failed; the end of $folder/debootstrap.log:" "$(tail -n 5 "$folder/debootstrap.log")"
  rm -rf "$folder"/base/var/cache/apt/* "$folder"/base/var/lib/apt/lists/*
  tar --create --directory "$folder/base" . | podman "${storage[@]}" import --quiet - "$stand_in" >/dev/null
  rm -rf "$folder/base"
fi

revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
for target in serving platform; do
  echo "Building migraine-$target"
  buildah bud --quiet --isolation chroot --pull-never --format docker --layers "${lent[@]}" \
    --build-arg "REVISION=$revision" --target "$target" --tag "localhost/migraine-$target:test" . >"$folder/build-$target.log" 2>&1 \
    || stop "The image migraine-$target was not built:" "$(tail -n 30 "$folder/build-$target.log")"
done
buildah images --format '{{.Name}}:{{.Tag}} {{.Size}}' | sort

export MIGRAINE_PODMAN="podman ${storage[*]} --runtime crun"
exec .venv/bin/pytest migraine_assets_tests/platform/image
