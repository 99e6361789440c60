"""The rendered RayService runs: Ray is started and the application deployed as by KubeRay.

A single node is head and replica, since two on one machine would use the same ports.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
import pytest
import yaml

from migraine_assets.stores.store import Store
from migraine_assets_tests.platform.helm.pods import Pod, pods_of
from migraine_assets_tests.platform.helm.rendering import Manifest, of_kind, render
from migraine_assets_tests.support.ports import free_port
from migraine_assets_tests.support.service import BODY, descendants, put_champion
from migraine_assets_tests.support.waiting import PATIENCE, eventually
from serving.cluster.ray_environment import free_ports, ray_environment
from serving.settings import ServingSettings

pytestmark = pytest.mark.slow

BIN = Path(sys.executable).parent
TOKEN = "0123456789abcdef" * 4
PORTS = ("serve", "health", "metrics", "agent", "dashboard", "gcs")


@pytest.fixture(scope="module")
def objects() -> list[Manifest]:
    """The default values, with KubeRay."""
    return render({"serving": {"apiKeysRequired": False, "minReplicas": 1, "maxReplicas": 2}})


@dataclass
class Node:
    """A Ray node with the application."""

    worker: Pod
    ports: dict[str, int]
    pid: int

    def status(self, path: str, *, port: str, body: bytes | None = None) -> int:
        """Return the status of a response, 0 without one."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.ports[port]}{path}", data=body)
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0


@pytest.fixture(scope="module")
def node(objects: list[Manifest]) -> Iterator[Node]:
    """Ray, started by the container's command, with the rendered application."""
    service = of_kind(objects, "RayService")[0]["spec"]
    pods = {pod.labels["ray.io/node-type"]: pod for pod in pods_of(objects) if "ray.io/node-type" in pod.labels}
    container = pods["worker"].spec["containers"][0]
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    # A short path, since Ray keeps Unix sockets in it.
    with tempfile.TemporaryDirectory(prefix="mr-") as folder:
        home = Path(folder) / "home"
        put_champion(Store(str(home / "store")), weight=0.5)
        started = _start(container, home=home, folder=Path(folder), ports=ports)
        config = Path(folder) / "serve.yaml"
        config.write_text(service["serveConfigV2"].replace("port: 8000", f"port: {ports['serve']}"))
        try:
            assert _deployed(config, ports["dashboard"]), (Path(folder) / "log").read_text()
            yield Node(pods["worker"], ports, started.pid)
        finally:
            _end(home)
            started.wait()


def _end(home: Path) -> None:
    """End all processes of this Ray.

    In a pod they end together. Here HAProxy has a session of its own, and remaining processes would start it again.
    """

    def left() -> list[int]:
        processes = psutil.process_iter(["environ"])
        return [
            process.pid for process in processes if (process.info["environ"] or {}).get("MIGRAINE_HOME") == str(home)
        ]

    def ended() -> bool:
        for pid in left():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not left()

    assert eventually(ended)


def _start(
    container: Manifest, *, home: Path, folder: Path, ports: dict[str, int], redis: dict[str, str] | None = None
) -> "subprocess.Popen[bytes]":
    """Start the container like KubeRay with `ray.io/overwrite-container-cmd`. `redis`: KubeRay's variables for it."""
    command = (
        f"ray start --head --block --disable-usage-stats --num-cpus=2 --port={ports['gcs']} --dashboard-host=0.0.0.0"
        f" --dashboard-port={ports['dashboard']} --dashboard-agent-listen-port={ports['agent']}"
        f" --object-store-memory=134217728 --temp-dir={folder}/ray --node-ip-address=127.0.0.1"
        f"{' --redis-password=$REDIS_PASSWORD' if redis else ''}"
    )
    rendered = {variable["name"]: variable.get("value", "") for variable in container["env"]}
    own = {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "MIGRAINE_HOME": str(home),
        "SERVING_HEALTH_PORT": str(ports["health"]),
        "SERVING_METRICS_PORT": str(ports["metrics"]),
        "KUBERAY_GEN_RAY_START_CMD": command,
        # As KubeRay sets them for `authOptions`.
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": TOKEN,
    }
    # A pod has all ports to itself; this machine does not.
    sides = {
        name: value
        for name, value in ray_environment(ServingSettings(), temporary=folder).items()
        if name.startswith(("RAY_SERVE_HAPROXY_", "RAY_SERVE_FALLBACK_")) and "PORT" in name
    }
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("MIGRAINE_", "RAY_", "SERVING_"))
    }
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [*container["command"], *container["args"]],
            env=inherited | rendered | own | sides | (redis or {}),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _deployed(config: Path, dashboard: int) -> bool:
    """Deploy the application like KubeRay's operator. Returns whether the head accepted it."""
    address = f"http://127.0.0.1:{dashboard}/api/serve/applications/"
    content = json.dumps(yaml.safe_load(config.read_text())).encode()

    def sent() -> bool:
        request = urllib.request.Request(address, data=content, method="PUT")
        request.add_header("Content-Type", "application/json")
        request.add_header("X-Ray-Authorization", f"Bearer {TOKEN}")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    return bool(eventually(sent, patience=PATIENCE))


def test_the_service_responds_through_the_proxy_of_its_pod(node: Node) -> None:
    assert eventually(partial(_ready, node))
    assert node.status("/predict", port="serve", body=BODY) == 200


@pytest.mark.parametrize("probe", ["startupProbe", "readinessProbe", "livenessProbe"])
def test_every_probe_of_a_replica_succeeds(node: Node, probe: str) -> None:
    request = node.worker.spec["containers"][0][probe]["httpGet"]
    assert eventually(lambda: node.status(request["path"], port=request["port"]) == 200), request


@pytest.mark.parametrize("probe", ["startupProbe", "readinessProbe", "livenessProbe"])
def test_every_probe_of_the_head_succeeds(node: Node, objects: list[Manifest], probe: str) -> None:
    head = next(pod for pod in pods_of(objects) if pod.labels.get("ray.io/node-type") == "head")
    request = head.spec["containers"][0][probe]["httpGet"]
    assert eventually(lambda: node.status(request["path"], port=request["port"]) == 200), request


def test_metrics_are_on_the_port_that_the_monitor_scrapes(node: Node) -> None:
    assert eventually(lambda: node.status("/metrics", port="metrics") == 200)


def test_haproxy_is_used_since_its_variable_was_set_before_the_import_of_ray(node: Node) -> None:
    """Ray reads the variable at import. If it is set later, it is ignored silently."""
    assert [line for line in descendants(node.pid).values() if "haproxy" in line and "-f" in line]


def test_without_the_token_no_application_can_be_deployed(node: Node, objects: list[Manifest]) -> None:
    assert of_kind(objects, "RayService")[0]["spec"]["rayClusterConfig"]["authOptions"] == {"mode": "token"}
    assert node.status("/api/serve/applications/", port="dashboard") in (401, 403)


def _ready(node: Node) -> bool:
    return node.status("/ready", port="serve") == 200


@contextlib.contextmanager
def _redis(folder: Path, password: str) -> Iterator[int]:
    """Run a Redis with a password; yields its port."""
    port = free_port()
    command = ("redis-server", "--port", str(port), "--bind", "127.0.0.1", "--requirepass", password, "--save", "")
    with (folder / "redis").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        yield port
    finally:
        process.terminate()
        process.wait()


@pytest.mark.skipif(
    shutil.which("redis-server") is None, reason="redis-server is not installed: apt-get install redis-server"
)
def test_a_new_head_restores_its_state_from_redis() -> None:
    """Ray is killed and started again, without another deployment of the application."""
    named = {"redisAddress": "redis.example:6379", "existingSecret": "redis", "passwordKey": "auth"}
    objects = render({"serving": {"apiKeysRequired": False, "minReplicas": 1, "maxReplicas": 2, "head": named}})
    spec = of_kind(objects, "RayService")[0]["spec"]
    assert spec["rayClusterConfig"]["gcsFaultToleranceOptions"] == {
        "redisAddress": "redis.example:6379",
        "redisPassword": {"valueFrom": {"secretKeyRef": {"name": "redis", "key": "auth"}}},
    }
    head = next(pod for pod in pods_of(objects) if pod.labels.get("ray.io/node-type") == "head")
    container, password = head.spec["containers"][0], "letters1and2digits"
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    with tempfile.TemporaryDirectory(prefix="mr-") as name, _redis(Path(name), password) as port:
        folder, home = Path(name), Path(name) / "home"
        put_champion(Store(str(home / "store")), weight=0.5)
        redis = {
            "RAY_REDIS_ADDRESS": f"127.0.0.1:{port}",
            "REDIS_PASSWORD": password,
            "RAY_external_storage_namespace": "the-uid-of-the-cluster",
        }
        config = folder / "serve.yaml"
        config.write_text(spec["serveConfigV2"].replace("port: 8000", f"port: {ports['serve']}"))
        try:
            for life in ("first", "second"):
                lives = [_start(container, home=home, folder=folder, ports=ports, redis=redis)]
                node = Node(head, ports, lives[0].pid)

                def ready(node: Node = node, lives: list["subprocess.Popen[bytes]"] = lives) -> bool:
                    # Like the kubelet: on a busy machine Ray's own start times out, and its container ends.
                    if lives[-1].poll() is not None:
                        _end(home)
                        lives.append(_start(container, home=home, folder=folder, ports=ports, redis=redis))
                    return _ready(node)

                assert life == "second" or _deployed(config, ports["dashboard"]), (folder / "log").read_text()
                assert eventually(ready, patience=PATIENCE), (life, (folder / "log").read_text())
                assert node.status("/predict", port="serve", body=BODY) == 200
                _end(home)
                lives[-1].wait()
                assert node.status("/ready", port="serve") == 0
        finally:
            _end(home)
