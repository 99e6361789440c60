#!/bin/sh
# HAProxy as Ray starts it, with one more line in the configuration that Ray writes: who asks is told by HAProxy, in place
# of what clients say of themselves. Without it all addresses are 127.0.0.1 to the rate limit, or whatever a client makes
# up. Ray has no setting for this; RAY_SERVE_HAPROXY_BINARY_PATH names this file, MIGRAINE_HAPROXY_BINARY the real program.
set -eu
previous=
for argument; do
  if [ "$previous" = -f ] && [ -w "$argument" ] && ! grep -q 'set-header X-Forwarded-For' "$argument"; then
    sed -i '/^frontend http_frontend/a\    http-request set-header X-Forwarded-For %[src]' "$argument"
  fi
  previous=$argument
done
exec "${MIGRAINE_HAPROXY_BINARY:?is not set}" "$@"
