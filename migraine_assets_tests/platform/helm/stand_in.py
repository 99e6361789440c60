"""A stand-in of a cluster: what the chart renders runs as processes of this machine, as it is written there.

Commands, variables and ConfigMaps are the rendered ones; only addresses, ports and folders are this machine's. The
Kubernetes API that Dagster asks for Jobs is a server on loopback, which starts a process for each and remembers what it
was asked. Not here: what has to come of it (the tests).
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

PORTS = (3000, 4000, 5000, 8000)
SERVICES = re.compile(rf"(?:(?<=//)|(?<=host: )){RELEASE}-[a-z-]+")
VERBS = {"POST": "create", "PATCH": "patch", "DELETE": "delete"}
_PATH = re.compile(
    r"/(?:api/v1|apis/batch/v1)/namespaces/(?P<space>[^/]+)/(?P<kind>[a-z]+)(?:/(?P<name>[^/]+))?(?P<sub>/\w+)?"
)


@dataclass
class StandIn:
    """One release on this machine, in a folder of its own."""

    found: list[Manifest]
    folder: Path
    secrets: Mapping[str, Mapping[str, str]]
    # (verb, resource) of everything that was asked of Kubernetes.
    asked: set[tuple[str, str]] = field(default_factory=set)
    jobs: dict[str, Manifest] = field(default_factory=dict)
    # Where Dagster finds it.
    kubernetes: str = ""

    def __post_init__(self) -> None:
        self.ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        self.home, self._dagster = self.folder / "home", self.folder / "dagster"
        for path in (self.home, self._dagster, self.folder / "tmp"):
            path.mkdir()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def here(self, text: str) -> str:
        """Rendered text with this machine's folders, addresses and ports."""
        text = SERVICES.sub("127.0.0.1", text)
        text = re.sub(r"(?<=[:=])(?:3000|4000|5000|8000)\b", lambda m: str(self.ports[int(m[0])]), text)
        text = re.sub(r"(?<=port: )(?:4000)\b", lambda m: str(self.ports[int(m[0])]), text)
        return text.replace("/opt/dagster", str(self._dagster)).replace("/var/lib/migraine", str(self.home))

    def configure(self, kubernetes: str) -> None:
        """Write what the pods mount; Dagster finds Kubernetes at `kubernetes`."""
        self.kubernetes = kubernetes
        cluster = {"name": "c", "cluster": {"server": kubernetes}}
        context = {"name": "x", "context": {"cluster": "c", "user": "u"}}
        user = {"name": "u", "user": {"token": "t"}}
        config = {"clusters": [cluster], "contexts": [context], "users": [user], "current-context": "x"}
        file = self.folder / "kubeconfig"
        file.write_text(json.dumps(config))
        for name, text in named(self.found, "ConfigMap", f"{RELEASE}-dagster")["data"].items():
            settings = yaml.safe_load(self.here(text))
            if name == "dagster.yaml":
                settings["run_launcher"]["config"] |= {"load_incluster_config": False, "kubeconfig_file": str(file)}
            (self._dagster / name).write_text(yaml.safe_dump(settings))

    def environment(self, container: Mapping[str, Any]) -> dict[str, str]:
        """The variables of a container, as Kubernetes puts them together; and those of the image."""
        image = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.folder / "tmp"),
            "USER": "migraine",
            "OMP_NUM_THREADS": "1",
            "SERVING_PORT": str(self.ports[8000]),
        }
        own: dict[str, str] = {}
        for variable in container.get("env", []):
            if "value" in variable and variable["value"] is not None:
                value = re.sub(r"\$\((\w+)\)", lambda m: own.get(m[1], m[0]), variable["value"])
                own[variable["name"]] = self.here(value)
            else:
                wanted = variable["valueFrom"]["secretKeyRef"]
                own[variable["name"]] = self.secrets[wanted["name"]][wanted["key"]]
        return image | own

    def command(self, container: Mapping[str, Any]) -> list[str]:
        """The command line of a container."""
        return [self.here(part) for part in (*container.get("command", []), *container.get("args", []))]

    def run(self, container: Mapping[str, Any], *instead: str) -> "subprocess.CompletedProcess[str]":
        """Run a container to its end, or another command in its place as `kubectl exec` does."""
        return subprocess.run(
            [self.here(part) for part in instead] or self.command(container),
            env=self.environment(container),
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def start(self, name: str, container: Mapping[str, Any]) -> None:
        """Start a container; its output is in `log(name)`."""
        with self.log(name).open("wb") as out:
            self._processes[name] = subprocess.Popen(
                self.command(container),
                env=self.environment(container),
                cwd=self.home,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def alive(self, name: str) -> bool:
        """Whether a container that was started still runs."""
        return self._processes[name].poll() is None

    def log(self, name: str) -> Path:
        """What a container printed."""
        return self.folder / f"{name}.log"

    def end(self) -> None:
        """End everything that was started."""
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()

    def answer(self, method: str, path: str, query: Mapping[str, list[str]], body: Manifest) -> tuple[int, Any]:
        """What Kubernetes would answer, for the few things that Dagster asks."""
        asked = _PATH.fullmatch(path)
        assert asked, path
        kind, name = asked["kind"], asked["name"]
        verb = VERBS.get(method) or ("get" if name else "list")
        self.asked.add((verb, kind + (asked["sub"] or "")))
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
        self.start(name, job["spec"]["template"]["spec"]["containers"][0])
        return 201, job

    def _status(self, name: str) -> Manifest:
        code = self._processes[name].poll() if name in self._processes else -1
        return {"active": 1} if code is None else {"succeeded": 1} if code == 0 else {"failed": 1}

    def _pod(self, name: str) -> Manifest:
        phase = {"active": "Running", "succeeded": "Succeeded", "failed": "Failed"}[next(iter(self._status(name)))]
        return {"metadata": {"name": name}, "spec": {"containers": []}, "status": {"phase": phase}}


@contextmanager
def running(stand_in: StandIn) -> Iterator[StandIn]:
    """With its Kubernetes; at the end everything that was started has ended."""

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
            """Nothing."""

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
