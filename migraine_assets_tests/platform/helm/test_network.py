"""Allowed connections, evaluated from the rendered policies as in a cluster."""

from typing import Any

import pytest

from migraine_assets_tests.platform.helm.pods import Pod, has_steps, pods_of
from migraine_assets_tests.platform.helm.rendering import NAMESPACE, Manifest, of_kind, render, values_of

OUT = "10.99.0.1"
BACKUP = {"enabled": True, "uri": "s3://example-backups/migraine"}
SPACE = "kubernetes.io/metadata.name"


def _matches(selector: dict[str, Any] | None, labels: dict[str, str]) -> bool:
    if selector is None:
        return False
    if not selector.get("matchLabels", {}).items() <= labels.items():
        return False
    return all(
        labels.get(each["key"]) in each["values"] and each["operator"] == "In"
        for each in selector.get("matchExpressions", [])
    )


def _applies(policy: Manifest, pod: Pod, direction: str) -> bool:
    here = policy["metadata"].get("namespace", NAMESPACE) == pod.namespace
    spec = policy["spec"]
    return here and direction in spec["policyTypes"] and _matches(spec["podSelector"], pod.labels)


def _means(allowed: dict[str, Any], peer: Pod | str, policy: Manifest) -> bool:
    """Return whether a NetworkPolicyPeer selects a pod or an outside address."""
    if isinstance(peer, str):
        return "ipBlock" in allowed and not allowed["ipBlock"]["cidr"].startswith("169.254.")
    own = {"matchLabels": {SPACE: policy["metadata"].get("namespace", NAMESPACE)}}
    there = _matches(allowed.get("namespaceSelector", own), {SPACE: peer.namespace})
    return there and "ipBlock" not in allowed and _matches(allowed.get("podSelector", {}), peer.labels)


def _port(rule: dict[str, Any], port: int) -> bool:
    return "ports" not in rule or port in [each["port"] for each in rule["ports"]]


def _opened(objects: list[Manifest], pod: Pod, direction: str, peer: Pod | str, port: int) -> bool:
    """Return whether the policies of `pod` allow a connection with a pod of its namespace or an outside address."""
    key, peers = ("ingress", "from") if direction == "Ingress" else ("egress", "to")
    policies = [each for each in of_kind(objects, "NetworkPolicy") if _applies(each, pod, direction)]
    if not policies:
        return True
    return any(
        _port(rule, port) and any(_means(allowed, peer, policy) for allowed in rule.get(peers, []))
        for policy in policies
        for rule in policy["spec"].get(key, [])
    )


def _talk(objects: list[Manifest], source: Pod, target: Pod, port: int) -> bool:
    return _opened(objects, source, "Egress", target, port) and _opened(objects, target, "Ingress", source, port)


NEEDED = (
    ("webserver", "code-location", 4000),
    ("daemon", "code-location", 4000),
    ("code-location", "mlflow", 5000),
    ("run", "mlflow", 5000),
    ("code-location", "serving", 8000),
    ("test", "serving", 8000),
    ("test", "webserver", 3000),
    ("test", "mlflow", 5000),
    ("test", "webserver-read-only", 3000),
    ("webserver-read-only", "code-location", 4000),
    ("webserver", "code-reports", 4000),
    ("webserver-read-only", "code-reports", 4000),
    ("daemon", "code-reports", 4000),
    *((who, "postgres", 5432) for who in ("webserver", "daemon", "code-location", "run", "mlflow", "backup")),
)
NEEDED_OUTSIDE = (
    *((who, 443) for who in ("webserver", "daemon", "run", "code-location")),
    *((who, 6443) for who in ("webserver", "daemon")),
)


def test_required_connections_are_allowed(objects: list[Manifest], pods: list[Pod]) -> None:
    for client, server, port in NEEDED:
        for source in (pod for pod in pods if pod.component == client):
            for target in (pod for pod in pods if pod.component == server):
                assert _talk(objects, source, target, port), (source.name, target.name, port)


def test_other_connections_are_denied(objects: list[Manifest], pods: list[Pod]) -> None:
    allowed = {(client, server) for client, server, _ in NEEDED} | {("serving", "serving"), ("run", "serving")}
    for source in pods:
        for target in pods:
            if (source.component, target.component) in allowed or source.component == "migrate":
                continue
            for port in (3000, 4000, 5000, 5432, 6379, 8000, 8265, 9100, 10001):
                assert not _talk(objects, source, target, port), (source.name, target.name, port)


@pytest.mark.parametrize("keeps", [False, True])
def test_only_a_service_that_keeps_diaries_reaches_a_database(keeps: bool) -> None:
    objects = render({"postgres": {"enabled": True}, "serving": {"keepDiaries": keeps}, "backup": BACKUP})
    by_component = {pod.component: pod for pod in pods_of(objects)}
    assert _talk(objects, by_component["serving"], by_component["postgres"], 5432) == keeps
    for component in ("serving", "code-location", "backup"):
        containers = by_component[component].spec["containers"] + by_component[component].spec.get("initContainers", [])
        variables = {each["name"]: each.get("value") for one in containers for each in one.get("env", [])}
        assert ("SERVING_DIARY_URL" in variables) == keeps, component
    assert ("diaries.dump" in str(by_component["backup"].spec)) == keeps


def test_required_outside_connections_are_allowed(objects: list[Manifest], pods: list[Pod]) -> None:
    for component, port in NEEDED_OUTSIDE:
        for pod in (pod for pod in pods if pod.component == component):
            assert _opened(objects, pod, "Egress", OUT, port), (pod.name, port)


@pytest.mark.parametrize("port", [25, 80, 3306, 8265, 22])
def test_other_outside_ports_are_denied(objects: list[Manifest], pods: list[Pod], port: int) -> None:
    assert [pod.name for pod in pods if _opened(objects, pod, "Egress", OUT, port)] == []


def test_runs_reach_kubernetes_only_if_they_start_steps(objects: list[Manifest], pods: list[Pod]) -> None:
    for pod in (pod for pod in pods if pod.component == "run"):
        assert _opened(objects, pod, "Egress", OUT, 6443) is has_steps(objects)


def test_the_head_reaches_kubernetes_and_replicas_do_not(objects: list[Manifest], pods: list[Pod]) -> None:
    for pod in pods:
        if kind := pod.labels.get("ray.io/node-type"):
            assert _opened(objects, pod, "Egress", OUT, 6443) is (kind == "head"), pod.name


def test_only_the_head_reaches_the_redis() -> None:
    objects = render({"serving": {"head": {"redisAddress": "redis.example:6379", "existingSecret": "redis"}}})
    for pod in pods_of(objects):
        is_head = pod.labels.get("ray.io/node-type") == "head"
        assert _opened(objects, pod, "Egress", OUT, 6379) is is_head, pod.name


def test_another_pod_of_the_namespace_reaches_nothing(objects: list[Manifest], pods: list[Pod]) -> None:
    stranger = Pod("stranger", {"app.kubernetes.io/name": "other"}, {}, {})
    for pod in pods:
        for port in (3000, 4000, 5000, 5432, 6379, 8000, 9100):
            assert not _opened(objects, pod, "Ingress", stranger, port), pod.name


def test_policies_can_be_disabled() -> None:
    assert of_kind(render({"networkPolicy": {"enabled": False}}), "NetworkPolicy") == []


def test_the_migration_reaches_the_database() -> None:
    objects = render(values_of("production"))
    migration = next(pod for pod in pods_of(objects) if pod.component == "migrate")
    assert _opened(objects, migration, "Egress", OUT, 5432)
    assert not _opened(objects, migration, "Egress", OUT, 443)
