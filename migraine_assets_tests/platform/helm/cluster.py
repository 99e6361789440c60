"""A small Kubernetes API for Helm, kubectl and the Kubernetes client: objects in memory, discovery, no controllers.

It accepts every kind that the chart renders. Not here: running pods (`stand_in`).
"""

import copy
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from migraine_assets_tests.platform.helm.rendering import Manifest

# Group and version, plural, kind.
KINDS = (
    ("v1", "secrets", "Secret"),
    ("v1", "configmaps", "ConfigMap"),
    ("v1", "services", "Service"),
    ("v1", "serviceaccounts", "ServiceAccount"),
    ("v1", "persistentvolumeclaims", "PersistentVolumeClaim"),
    ("v1", "pods", "Pod"),
    ("apps/v1", "deployments", "Deployment"),
    ("apps/v1", "statefulsets", "StatefulSet"),
    ("batch/v1", "jobs", "Job"),
    ("batch/v1", "cronjobs", "CronJob"),
    ("autoscaling/v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler"),
    ("networking.k8s.io/v1", "networkpolicies", "NetworkPolicy"),
    ("networking.k8s.io/v1", "ingresses", "Ingress"),
    ("policy/v1", "poddisruptionbudgets", "PodDisruptionBudget"),
    ("rbac.authorization.k8s.io/v1", "roles", "Role"),
    ("rbac.authorization.k8s.io/v1", "rolebindings", "RoleBinding"),
    ("ray.io/v1", "rayservices", "RayService"),
    ("ray.io/v1", "rayclusters", "RayCluster"),
)
_PATH = re.compile(
    r"/apis?/(?P<group>(?:[a-z0-9.]+/)?v\d)/namespaces/(?P<space>[^/]+)/(?P<kind>\w+)(?:/(?P<name>[^/]+))?"
)
Key = tuple[str, str, str]


@dataclass
class Cluster:
    """Objects by namespace, plural and name, and the requests in order."""

    kubeconfig: Path
    objects: dict[Key, Manifest] = field(default_factory=dict)
    requests: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, space: str, each: Manifest) -> None:
        """Put an object into a namespace."""
        plural = next(plural for _, plural, kind in KINDS if kind == each["kind"])
        self.objects[space, plural, each["metadata"]["name"]] = copy.deepcopy(each)

    def namespace(self, name: str) -> None:
        """Create a namespace, with the account that each has."""
        self.add(name, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}})

    def secret(self, space: str, name: str, *keys: str) -> None:
        """Create a Secret with these keys."""
        data = dict.fromkeys(keys, "eA==")
        self.add(space, {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data})

    def answer(self, method: str, target: str, body: Manifest) -> tuple[int, Manifest]:
        """Return the response to a request."""
        parts = urlsplit(target)
        if discovered := _discovery(parts.path):
            return 200, discovered
        match = _PATH.fullmatch(parts.path)
        if not match:
            return 404, {"kind": "Status", "code": 404, "reason": "NotFound", "message": parts.path}
        space, plural, name = match["space"], match["kind"], match["name"]
        self.requests.append((method, plural, name or ""))
        if method == "POST":
            name = body["metadata"]["name"]
            self.objects[space, plural, name] = body
            return 201, body
        selector = parse_qs(parts.query).get("labelSelector", [""])[0]
        if name is None:
            keys = [key for key in self.objects if key[:2] == (space, plural) and _selects(selector, self.objects[key])]
            items = [self.objects.pop(key) if method == "DELETE" else self.objects[key] for key in keys]
            kind = next(kind for _, each, kind in KINDS if each == plural)
            return 200, {"kind": f"{kind}List", "apiVersion": match["group"], "metadata": {}, "items": items}
        key = (space, plural, name)
        if key not in self.objects:
            return 404, {"kind": "Status", "code": 404, "reason": "NotFound", "message": f"{plural} {name} not found"}
        if method == "DELETE":
            return 200, self.objects.pop(key)
        if method == "PUT":
            self.objects[key] = body
        return 200, self.objects[key]


def _selects(selector: str, each: Manifest) -> bool:
    labels = each["metadata"].get("labels", {})
    return all(labels.get(name) == value for name, value in (part.split("=") for part in selector.split(",") if part))


def _discovery(path: str) -> Manifest | None:
    groups = sorted({group for group, _, _ in KINDS if "/" in group})
    if path == "/version":
        return {"major": "1", "minor": "33", "gitVersion": "v1.33.0"}
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/apis":
        versions = [{"groupVersion": group, "version": group.split("/")[1]} for group in groups]
        listed = [
            {"name": each["groupVersion"].split("/")[0], "versions": [each], "preferredVersion": each}
            for each in versions
        ]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}
    group = re.sub(r"^/apis?/", "", path)
    resources: list[Any] = [
        {
            "name": plural,
            "singularName": "",
            "namespaced": True,
            "kind": kind,
            "verbs": ["get", "list", "create", "delete"],
        }
        for each, plural, kind in KINDS
        if each == group
    ]
    if resources:
        return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group, "resources": resources}
    return None


@contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    """Run an empty cluster on loopback; yields it, with a kubeconfig for it in `folder`."""
    cluster = Cluster(folder / "kubeconfig")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, answer = cluster.answer(self.command, self.path, json.loads(body) if body else {})
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _any

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "users": [{"name": "u", "user": {}}],
        "current-context": "x",
    }
    cluster.kubeconfig.write_text(json.dumps(config))
    try:
        yield cluster
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
