#!/bin/sh
# Starts HAProxy in place of Ray, with the configuration that Ray generates after `haproxy_front.py` has changed it.
# RAY_SERVE_HAPROXY_BINARY_PATH points to this script, and the MIGRAINE_* variables come from
# `serving.cluster.ray_environment`. Without -I and -S Python would search more folders for modules.
set -eu
exec "${MIGRAINE_PYTHON:?is not set}" -I -S "$(dirname "$0")/haproxy_front.py" "$@"
