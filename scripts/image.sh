#!/usr/bin/env bash
# Builds both images from the Dockerfile and tests them, without Docker: `make image`. `scripts/image.sh build` only builds
# them. With MIGRAINE_IMAGE_FOLDER set, the images stay in that folder and are not built again.
#
# The base image python:3.11-slim-bookworm is replaced by a Debian from debootstrap, so that only Debian's packages and a
# Python registry are needed. Requires root, Linux, and: buildah podman crun debootstrap.
set -euo pipefail
cd "$(dirname "$0")/.."

base=docker.io/library/python:3.11-slim-bookworm
keep=${MIGRAINE_IMAGE_FOLDER:-}

stop() {
  printf '%s\n' "$@" >&2
  exit 2
}

[ "$(id -u)" = 0 ] || stop "Building the images requires root, to create namespaces."
for tool in buildah podman crun debootstrap; do
  command -v "$tool" >/dev/null || stop "$tool is not installed. On Debian or Ubuntu: apt-get install buildah podman crun debootstrap"
done

# Run again in a mount namespace, so that all mounts disappear with it.
if [ "${1:-}" != inside ]; then
  folder=${keep:-$(mktemp -d /var/tmp/migraine-image.XXXXXX)}
  result=0
  unshare --mount --propagation private "$0" inside "$folder" "${1:-test}" || result=$?
  [ -n "$keep" ] || rm -rf --one-file-system "$folder"
  exit "$result"
fi

folder=$2
mkdir -p "$folder"
# Container engines expect cgroups, which a machine without systemd does not have.
mount -t tmpfs tmpfs /sys/fs/cgroup
export STORAGE_DRIVER=overlay
storage=(--root "$folder/storage" --runroot "$folder/run")
buildah() { command buildah "${storage[@]}" "$@"; }

# Mount this machine's registry settings and TLS certificates during the build. They are not part of the images.
mounts=()
for file in /etc/pip.conf /etc/uv/uv.toml; do
  [ ! -e "$file" ] || mounts+=(--volume "$file:$file:ro")
done
if [ -n "${SSL_CERT_FILE:-}" ]; then
  printf 'system-certs = true\n' >"$folder/uv.toml"
  mounts+=(--volume "$(dirname "$SSL_CERT_FILE"):$(dirname "$SSL_CERT_FILE"):ro")
  [ -e /etc/uv/uv.toml ] || mounts+=(--volume "$folder/uv.toml:/etc/uv/uv.toml:ro")
fi

if ! buildah images --quiet "$base" >/dev/null 2>&1; then
  echo "Creating the base image with debootstrap"
  debootstrap --variant=minbase --include=python3-venv,ca-certificates bookworm "$folder/base" >"$folder/debootstrap.log" \
    || stop "debootstrap failed. The last lines of its log:" "$(tail -n 5 "$folder/debootstrap.log")"
  rm -rf "$folder"/base/var/cache/apt/* "$folder"/base/var/lib/apt/lists/*
  tar --create --directory "$folder/base" . | podman "${storage[@]}" import --quiet - "$base" >/dev/null
  rm -rf "$folder/base"
fi

revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
for target in serving platform; do
  echo "Building migraine-$target"
  buildah bud --quiet --isolation chroot --pull-never --format docker --layers "${mounts[@]}" \
    --build-arg "REVISION=$revision" --target "$target" --tag "localhost/migraine-$target:test" . >"$folder/build-$target.log" 2>&1 \
    || stop "Building migraine-$target failed. The last lines of the log:" "$(tail -n 30 "$folder/build-$target.log")"
done
buildah images --format '{{.Name}}:{{.Tag}} {{.Size}}' | sort

[ "$3" = test ] || exit 0
export MIGRAINE_PODMAN="podman ${storage[*]} --runtime crun"
exec .venv/bin/pytest migraine_assets_tests/platform/image
