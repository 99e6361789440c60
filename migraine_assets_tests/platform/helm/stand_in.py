"""A stand-in for a cluster: the rendered containers run as processes of this machine.

Commands, variables and ConfigMaps are the rendered ones; only addresses, ports and folders are those of this machine.
The Kubernetes API for Dagster's Jobs is a server on loopback, which starts a process for each Job and records the
requests. Not here: the expected results (the tests).
"""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

from migraine_assets_tests.platform.helm.rendering import RELEASE, Manifest, named
from serving.cluster.ray_environment import free_ports

PORTS = (3000, 4000, 5000, 8000, 8001)
_PORT_VALUES = frozenset(map(str, PORTS))
SERVICES = re.compile(rf"(?:(?<=//)|(?<=host: )){RELEASE}-[a-z-]+")
VERBS = {"POST": "create", "PATCH": "patch", "DELETE": "delete"}
_PATH = re.compile(
    r"/(?:api/v1|apis/batch/v1)/namespaces/(?P<space>[^/]+)/(?P<kind>[a-z]+)(?:/(?P<name>[^/]+))?(?P<sub>/\w+)?"
)


@dataclass
class StandIn:
    """A release on this machine, in its own folder."""

    objects: list[Manifest]
    folder: Path
    secrets: Mapping[str, Mapping[str, str]]
    # (verb, resource) of every request to Kubernetes.
    requests: set[tuple[str, str]] = field(default_factory=set)
    jobs: dict[str, Manifest] = field(default_factory=dict)
    # The address for Dagster.
    kubernetes: str = ""

    def __post_init__(self) -> None:
        self.ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        self.home, self._dagster = self.folder / "home", self.folder / "dagster"
        # Dagster's settings for pods without a Kubernetes token.
        self._tokenless = self.folder / "dagster-tokenless"
        for path in (self.home, self._dagster, self._tokenless, self.folder / "tmp"):
            path.mkdir()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def here(self, text: str, *, token: bool = True) -> str:
        """Replace folders, addresses and ports in rendered text by those of this machine.

        Without a `token`, Dagster looks for the one of a pod, as in a cluster, and would fail to find it.
        """
        text = SERVICES.sub("127.0.0.1", text)
        text = re.sub(r"(?<=[:=])(?:3000|4000|5000|8000)\b", lambda m: str(self.ports[int(m[0])]), text)
        text = re.sub(r"(?<=port: )(?:4000)\b", lambda m: str(self.ports[int(m[0])]), text)
        dagster = self._dagster if token else self._tokenless
        return text.replace("/opt/dagster", str(dagster)).replace("/var/lib/migraine", str(self.home))

    def configure(self, kubernetes: str) -> None:
        """Write the mounted files. `kubernetes`: the address of the Kubernetes API for Dagster."""
        self.kubernetes = kubernetes
        cluster = {"name": "c", "cluster": {"server": kubernetes}}
        context = {"name": "x", "context": {"cluster": "c", "user": "u"}}
        user = {"name": "u", "user": {"token": "t"}}
        config = {"clusters": [cluster], "contexts": [context], "users": [user], "current-context": "x"}
        file = self.folder / "kubeconfig"
        file.write_text(json.dumps(config))
        for name, text in named(self.objects, "ConfigMap", f"{RELEASE}-dagster")["data"].items():
            (self._tokenless / name).write_text(self.here(text, token=False))
            settings = yaml.safe_load(self.here(text))
            if name == "dagster.yaml":
                settings["run_launcher"]["config"] |= {"load_incluster_config": False, "kubeconfig_file": str(file)}
            (self._dagster / name).write_text(yaml.safe_dump(settings))

    def environment(self, container: Mapping[str, Any], *, token: bool = True) -> dict[str, str]:
        """Return the variables of a container, including those of the image."""
        image = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.folder / "tmp"),
            "USER": "migraine",
            "OMP_NUM_THREADS": "1",
            # Otherwise the log of a process that is killed, or waited for too long, is empty.
            "PYTHONUNBUFFERED": "1",
            # The code of this checkout, if another one is installed.
            **{name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ},
            "SERVING_PORT": str(self.ports[8000]),
        }
        own: dict[str, str] = {}
        for variable in container.get("env", []):
            if "value" in variable and variable["value"] is not None:
                value = re.sub(r"\$\((\w+)\)", lambda m: own.get(m[1], m[0]), variable["value"])
                # A port that is the whole value.
                port = value in _PORT_VALUES
                own[variable["name"]] = str(self.ports[int(value)]) if port else self.here(value, token=token)
            else:
                wanted = variable["valueFrom"]["secretKeyRef"]
                own[variable["name"]] = self.secrets[wanted["name"]][wanted["key"]]
        return image | own

    def command(self, container: Mapping[str, Any]) -> list[str]:
        """Return the command line of a container."""
        return [self.here(part) for part in (*container.get("command", []), *container.get("args", []))]

    def run(self, container: Mapping[str, Any], *instead: str) -> "subprocess.CompletedProcess[str]":
        """Run a container, or another command in it like `kubectl exec`, and wait for its end."""
        return subprocess.run(
            [self.here(part) for part in instead] or self.command(container),
            env=self.environment(container),
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def start(self, name: str, container: Mapping[str, Any], *, token: bool = True) -> None:
        """Start a container, with its output in `log(name)`. `token`: whether its pod has one of Kubernetes."""
        with self.log(name).open("wb") as out:
            self._processes[name] = subprocess.Popen(
                self.command(container),
                env=self.environment(container, token=token),
                cwd=self.home,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def alive(self, name: str) -> bool:
        """Return whether a started container still runs."""
        return self._processes[name].poll() is None

    def log(self, name: str) -> Path:
        """Return the output of a container."""
        return self.folder / f"{name}.log"

    def end(self, *names: str) -> None:
        """End the named containers; without names, all that were started."""
        ended = {name: self._processes.pop(name) for name in names or tuple(self._processes)}
        for process in ended.values():
            process.terminate()
        for process in ended.values():
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def answer(self, method: str, path: str, query: Mapping[str, list[str]], body: Manifest) -> tuple[int, Any]:
        """Return Kubernetes' response to a request of Dagster."""
        match = _PATH.fullmatch(path)
        assert match, path
        kind, name = match["kind"], match["name"]
        verb = VERBS.get(method) or ("get" if name else "list")
        self.requests.add((verb, kind + (match["sub"] or "")))
        match verb, kind:
            case "create", "jobs":
                return self._create(body)
            case "get", "jobs" if name in self.jobs:
                return 200, self.jobs[name] | {"status": self._status(name)}
            case "list", "jobs":
                return 200, {
                    "items": [job | {"status": self._status(job["metadata"]["name"])} for job in self.jobs.values()]
                }
            case "list", "pods":
                wanted = query.get("labelSelector", [""])[0].rpartition("=")[2]
                return 200, {"items": [self._pod(job) for job in self.jobs if job == wanted]}
            case "list", "events":
                return 200, {"items": []}
            case "get", "pods":
                return 200, self._pod(str(name))
        return 404, {"kind": "Status", "code": 404, "message": f"{verb} {kind} {name}"}

    def _create(self, job: Manifest) -> tuple[int, Manifest]:
        name = job["metadata"]["name"]
        self.jobs[name] = job
        pod = job["spec"]["template"]["spec"]
        self.start(name, pod["containers"][0], token=pod["automountServiceAccountToken"])
        return 201, job

    def _status(self, name: str) -> Manifest:
        code = self._processes[name].poll() if name in self._processes else -1
        return {"active": 1} if code is None else {"succeeded": 1} if code == 0 else {"failed": 1}

    def _pod(self, name: str) -> Manifest:
        phase = {"active": "Running", "succeeded": "Succeeded", "failed": "Failed"}[next(iter(self._status(name)))]
        return {"metadata": {"name": name}, "spec": {"containers": []}, "status": {"phase": phase}}


@contextmanager
def running(stand_in: StandIn) -> Iterator[StandIn]:
    """Run a release with its Kubernetes API. All containers end with the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            status, answer = stand_in.answer(
                self.command, parts.path, parse_qs(parts.query), json.loads(body) if body else {}
            )
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = do_PATCH = _any

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        stand_in.configure(f"http://127.0.0.1:{server.server_port}")
        yield stand_in
    finally:
        stand_in.end()
        server.shutdown()
        server.server_close()
        thread.join()
