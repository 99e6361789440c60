#!/bin/sh
# Starts HAProxy with one more line in the configuration that Ray generates: HAProxy replaces X-Forwarded-For by the real
# client address. Otherwise the rate limiter would see 127.0.0.1 for every client, or an address that a client invents.
# Ray has no setting for this. RAY_SERVE_HAPROXY_BINARY_PATH points to this script and MIGRAINE_HAPROXY_BINARY to HAProxy.
set -eu
previous=
for argument; do
  if [ "$previous" = -f ] && [ -w "$argument" ] && ! grep -q 'set-header X-Forwarded-For' "$argument"; then
    sed -i '/^frontend http_frontend/a\    http-request set-header X-Forwarded-For %[src]' "$argument"
  fi
  previous=$argument
done
exec "${MIGRAINE_HAPROXY_BINARY:?is not set}" "$@"
