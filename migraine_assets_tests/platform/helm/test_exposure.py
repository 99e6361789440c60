"""Access to the components from outside: Ingress, Gateway, and the clients of network policies.

Not here: connections inside the release (`test_network`).
"""

from typing import Any

import pytest

from migraine_assets_tests.platform.helm.rendering import RELEASE, Manifest, named, of_kind, render

PARTS: dict[str, Any] = {
    part: {"host": f"{part}.example", "tlsSecret": "tls", "annotations": {"own": part}}
    for part in ("dagster", "mlflow")
}
LOGIN = {"nginx.ingress.kubernetes.io/auth-url": "https://login.example"}


def test_a_login_in_front_of_dagster_does_not_land_on_the_api() -> None:
    """Annotations for all components would send apps with an API key to a login page."""
    parts = {
        "serving": {"host": "api.example", "tlsSecret": "tls"},
        "dagster": {"host": "d.example", "tlsSecret": "tls", "annotations": LOGIN},
        "mlflow": {"host": "m.example", "tlsSecret": "tls", "annotations": LOGIN},
    }
    objects = render({"ingress": {"enabled": True, "annotations": {"issuer": "letsencrypt"}, **parts}})
    for part, expected in (("serving", {}), ("dagster", LOGIN), ("mlflow", LOGIN)):
        annotations = named(objects, "Ingress", f"{RELEASE}-{part}")["metadata"]["annotations"]
        assert annotations == {"issuer": "letsencrypt", **expected}, part


def test_a_wildcard_host_is_a_text() -> None:
    """Unquoted, `*.example` is an alias in YAML, and the chart does not render."""
    host = "*.migraine.example"
    ingress = {"enabled": True, "serving": {"host": host, "tlsSecret": "tls"}}
    gateway = {"enabled": True, "parentRefs": [{"name": "public"}], "serving": {"host": host}}
    objects = render({"ingress": ingress, "gateway": gateway})
    spec = of_kind(objects, "Ingress")[0]["spec"]
    assert [spec["rules"][0]["host"], *spec["tls"][0]["hosts"]] == [host, host]
    assert of_kind(objects, "HTTPRoute")[0]["spec"]["hostnames"] == [host]


@pytest.mark.parametrize("part", ["serving", "dagster", "dagsterReadOnly", "mlflow"])
def test_a_route_leads_to_the_service_of_its_component(part: str) -> None:
    """The Gateway API is the successor of Ingress; both have to lead to the same Service."""
    common = {"readOnlyWebserver": {"enabled": True}, "serving": {"mode": "deployment"}}
    route = {"enabled": True, "parentRefs": [{"name": "public", "namespace": "gateways"}], part: {"host": "a.example"}}
    ingress = {"enabled": True, part: {"host": "a.example", "tlsSecret": "tls"}}
    routed = of_kind(render({**common, "gateway": route}), "HTTPRoute")
    objects = render({**common, "ingress": ingress})
    assert len(routed) == 1
    backend = routed[0]["spec"]["rules"][0]["backendRefs"][0]
    path = of_kind(objects, "Ingress")[0]["spec"]["rules"][0]["http"]["paths"][0]
    assert path["backend"]["service"] == {"name": backend["name"], "port": {"number": backend["port"]}}
    assert named(objects, "Service", backend["name"])
    assert routed[0]["spec"]["parentRefs"] == [{"name": "public", "namespace": "gateways"}]


def _clients(objects: list[Manifest], component: str) -> list[list[dict[str, Any]]]:
    """Return the peers of the rules of a component, except that for the release's own pods."""
    policy = named(objects, "NetworkPolicy", f"{RELEASE}-to-{component}")
    return [rule["from"] for rule in policy["spec"]["ingress"][1:]]


def test_clients_are_named_for_each_component() -> None:
    """A client of the API need not reach Dagster, which runs code."""
    apps = [{"namespaceSelector": {"matchLabels": {"team": "apps"}}}]
    objects = render({"networkPolicy": {"clientsOf": {"serving": apps}}})
    assert _clients(objects, "serving") == [apps]
    assert _clients(objects, "webserver") == _clients(objects, "mlflow") != [apps]


OPENINGS = {
    "kubernetesApi": "kubernetes-api",
    "database": "database",
    "objectStore": "object-store",
    "alerts": "alerts",
    "redis": "redis",
}
HEAD = {"serving": {"head": {"redisAddress": "redis.example:6379"}}}


@pytest.mark.parametrize("opening", OPENINGS)
def test_an_empty_list_of_addresses_opens_nothing(opening: str) -> None:
    """In a policy, a rule without peers allows every address."""
    objects = render({**HEAD, "networkPolicy": {opening: {"cidrs": [], "ports": [443]}}})
    names = [each["metadata"]["name"] for each in of_kind(objects, "NetworkPolicy")]
    assert f"{RELEASE}-out-{OPENINGS[opening]}" not in names
    for policy in of_kind(objects, "NetworkPolicy"):
        for direction, peers in (("ingress", "from"), ("egress", "to")):
            for rule in policy["spec"].get(direction, []):
                assert rule[peers], policy["metadata"]["name"]


@pytest.mark.parametrize("opening", OPENINGS)
def test_an_opening_can_be_a_selector(opening: str) -> None:
    """Cilium does not match pods of the cluster, such as MinIO or a PostgreSQL operator's, by address."""
    peer = {"namespaceSelector": {"matchLabels": {"a": "b"}}, "podSelector": {"matchLabels": {"c": "d"}}}
    values = {**HEAD, "networkPolicy": {opening: {"cidrs": [], "ports": [9000], "peers": [peer]}}}
    policy = named(render(values), "NetworkPolicy", f"{RELEASE}-out-{OPENINGS[opening]}")
    assert policy["spec"]["egress"] == [{"to": [peer], "ports": [{"port": 9000}]}]


@pytest.mark.parametrize("how", ["ingress", "gateway"])
def test_links_lead_to_the_hosts_that_people_reach(how: str) -> None:
    """Inside the cluster MLflow has another address, which a browser cannot resolve."""
    hosts: dict[str, Any] = {part: {"host": f"{part}.example"} for part in ("dagster", "mlflow")}
    if how == "ingress":
        hosts = {part: {**host, "tlsSecret": "tls"} for part, host in hosts.items()}
    values = {how: {"enabled": True, **({"parentRefs": [{"name": "public"}]} if how == "gateway" else {}), **hosts}}
    values["pipeline"] = {"reportsUrl": "https://reports.example"}
    pod = named(render(values), "Deployment", f"{RELEASE}-code-location")["spec"]["template"]["spec"]
    variables = {each["name"]: each.get("value") for each in pod["containers"][0]["env"]}
    assert variables["MIGRAINE_PUBLIC_URL"] == "https://dagster.example"
    assert variables["MIGRAINE_MLFLOW_URL"] == "https://mlflow.example"
    assert variables["MIGRAINE_REPORTS_URL"] == "https://reports.example"


def test_a_read_only_webserver_starts_no_run() -> None:
    objects = render({"readOnlyWebserver": {"enabled": True}})
    pod = named(objects, "Deployment", f"{RELEASE}-webserver-read-only")["spec"]["template"]["spec"]
    assert "--read-only" in pod["containers"][0]["command"]
    assert pod["automountServiceAccountToken"] is False
    assert (
        "--read-only"
        not in named(objects, "Deployment", f"{RELEASE}-webserver")["spec"]["template"]["spec"]["containers"][0][
            "command"
        ]
    )
