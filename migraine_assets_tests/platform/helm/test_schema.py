"""The schema rejects invalid values with a reason."""

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from migraine_assets_tests.platform.helm.rendering import CHART, Refused, render

VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())
# Objects whose keys the user chooses.
FREE = {("grafana", "labels")}
# Objects of Kubernetes, which have a single description.
WHOLE = {"resources", "autoscalerResources", "waitingResources", "clients", "monitoring", "kuberay"}

REFUSED = (
    ({"serving": {"mode": "kserve"}}, "rayservice"),
    ({"serving": {"minReplicas": 0}}, "serving.minReplicas|minReplicas"),
    ({"serving": {"minReplicas": 11}}, r"serving.minReplicas \(11\) is greater than serving.maxReplicas \(10\)"),
    ({"serving": {"targetCPU": 150}}, "targetCPU"),
    ({"serving": {"rateLimit": -1}}, "rateLimit"),
    ({"serving": {"corsOrigins": ["app.example"]}}, "corsOrigins"),
    ({"serving": {"resources": {"limits": None}}}, "limits"),
    ({"pipeline": {"executor": "celery"}}, "k8s_job"),
    ({"pipeline": {"automation": "on"}}, "automation"),
    ({"pipeline": {"resources": {"requests": {"cpu": "two"}}}}, "cpu"),
    ({"images": {"platform": {"digest": "sha256:12"}}}, "digest"),
    ({"images": {"platform": {"pullPolicy": "Sometimes"}}}, "pullPolicy"),
    ({"home": {"accessModes": []}}, "accessModes"),
    ({"store": {"uri": "bucket/store"}}, "uri"),
    ({"store": {"existingSecret": "keys"}}, "without store.uri"),
    ({"serving": {"head": {"existingSecret": "redis"}}}, "without serving.head.redisAddress"),
    ({"serving": {"head": {"redisAddress": "redis"}}}, "redisAddress"),
    ({"database": {"existingSecret": ""}}, "existingSecret"),
    ({"networkPolicy": {"database": {"cidrs": ["everywhere"]}}}, "cidrs"),
    ({"networkPolicy": {"database": {"ports": [70000]}}}, "ports"),
    ({"networkPolicy": {"clients": [{}]}}, "clients"),
    ({"mlflow": {"enabled": False}}, "set mlflow.trackingUri to the URL"),
    ({"mlflow": {"trackingUri": "http://elsewhere:5000"}}, "use only one of them"),
    ({"ingress": {"enabled": True}}, "without a host"),
    ({"ingress": {"enabled": True, "serving": {"host": "api.example"}}}, "without ingress.serving.tlsSecret"),
    ({"ingress": {"enabled": True, "serving": {"host": "https://api.example"}}}, "host"),
    (
        {
            "ingress": {"enabled": True, "serving": {"host": "api.example", "tlsSecret": "tls"}},
            "serving": {"apiKeysRequired": False},
        },
        "without API keys",
    ),
    ({"serviceAccounts": {"create": False}}, "to existing accounts"),
    ({"serviceAccounts": {"runs": "same", "serving": "same"}}, "have to differ"),
    ({"fullnameOverride": "1st"}, "begins with a digit"),
    ({"home": {"accessModes": ["ReadWriteOncePod"]}}, "a single pod could mount the volume"),
    ({"images": {"serving": {"repository": "registry.example:5000/serving:1.2"}}}, "set images.serving.tag instead"),
    ({"daemon": {"resources": {"limits": {"memory": "100Mi"}}}}, r"daemon.resources: the limit of memory \(100Mi\)"),
    ({"serving": {"head": {"resources": {"requests": {"cpu": "1500m"}}}}}, "serving.head.resources: the limit of cpu"),
    ({"podLabels": {"team": "not a label"}}, 'podLabels.team: "not a label" is not the value'),
    ({"commonLabels": {"-team": "a"}}, "is not the key of a label"),
    ({"podLabels": {"app.kubernetes.io/name": "a"}}, "belongs to the chart"),
    ({"daemon": {"nodeSelector": {"pool": "a b"}}}, "daemon.nodeSelector.pool"),
    ({"home": {"enabled": False}}, "set store.uri"),
    ({"pipeline": {"logs": "store"}}, "without store.uri"),
    ({"pipeline": {"namespace": "runs"}}, "a volume belongs to one namespace"),
    ({"gateway": {"enabled": True, "parentRefs": [{"name": "a"}]}}, "without a host"),
    ({"gateway": {"enabled": True, "serving": {"host": "api.example"}}}, "without gateway.parentRefs"),
    ({"ingress": {"enabled": True, "dagsterReadOnly": {"host": "a.b", "tlsSecret": "c"}}}, "readOnlyWebserver.enabled"),
    ({"backup": {"enabled": True}}, "without backup.uri"),
    ({"backup": {"schedule": "nightly"}}, "schedule"),
    (
        {"extraCodeLocations": [{"name": "a", "module": "a.b", "image": {"repository": "registry.example/a:1"}}]},
        r"extraCodeLocations\[0\].image.tag instead",
    ),
    (
        {"serving": {"extraWorkerGroups": [{"name": "a", "minReplicas": 0, "maxReplicas": 1}] * 2}},
        "have to differ from each other",
    ),
    ({"extraCodeLocations": [{"name": "a", "host": "a.b"}] * 2}, "have to differ from each other"),
    ({"extraCodeLocations": [{"name": "other"}]}, "extraCodeLocations"),
    ({"serving": {"extraWorkerGroups": [{"name": "spot", "minReplicas": 2, "maxReplicas": 1}]}}, "of spot is greater"),
    ({"prometheusOperator": {"interval": "fast"}}, "interval"),
    ({"extraEnv": [{"name": "1BAD"}]}, "extraEnv"),
)


def _paths(values: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield (*above, key)
            yield from _paths(value, (*above, key))


GROUPS = [path for path in _paths(VALUES) if path not in FREE]


@pytest.mark.parametrize(("values", "reason"), REFUSED, ids=lambda values: json.dumps(values) if values else "")
def test_an_invalid_value_is_rejected(values: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        render(values)


def test_a_release_whose_name_begins_with_a_digit_is_refused() -> None:
    """Helm allows it, but names of Services do not."""
    with pytest.raises(Refused, match="choose another name of the release, or set fullnameOverride"):
        render({}, release="2nd")
    assert render({"fullnameOverride": "second"}, release="2nd")


@pytest.mark.parametrize("path", [(), *GROUPS], ids=".".join)
def test_an_unknown_key_is_rejected(path: tuple[str, ...]) -> None:
    """Otherwise a misspelled key would be ignored silently."""
    values: dict[str, Any] = {}
    inner = values
    for key in path:
        inner = inner.setdefault(key, {})
    inner["misspeled"] = {"a": 1}
    with pytest.raises(Refused, match="misspeled"):
        render(values)


@pytest.mark.parametrize("path", GROUPS, ids=".".join)
def test_a_string_instead_of_an_object_is_rejected(path: tuple[str, ...]) -> None:
    values: dict[str, Any] = {}
    inner = values
    for key in path[:-1]:
        inner = inner.setdefault(key, {})
    inner[path[-1]] = "text"
    with pytest.raises(Refused, match=re.escape(path[-1])):
        render(values)


def test_values_and_schema_have_the_same_keys() -> None:
    def compare(values: dict[str, Any], schema: dict[str, Any], where: str) -> None:
        known = schema.get("properties")
        if known is None:
            return
        # Helm reserves `global`.
        assert set(known) - {"global"} == set(values), where
        for key, value in values.items():
            if isinstance(value, dict):
                compare(value, known[key], f"{where}.{key}")

    compare(VALUES, SCHEMA, "values")


def test_the_defaults_are_valid() -> None:
    assert render(copy.deepcopy(VALUES)) == render({})


def comments() -> dict[tuple[str, ...], str]:
    """Return the comment above each key of values.yaml, in one line; empty without a comment."""
    by_path: dict[tuple[str, ...], str] = {}
    path: list[str] = []
    lines: list[str] = []
    for line in (CHART / "values.yaml").read_text().splitlines():
        if comment := re.match(r" *# ?(.*)", line):
            lines.append(comment[1])
        elif key := re.match(r"( *)([A-Za-z]+):", line):
            path = [*path[: len(key[1]) // 2], key[2]]
            by_path[tuple(path)], lines = " ".join(lines), []
        else:
            lines = []
    return by_path


def described() -> dict[tuple[str, ...], str]:
    """Return the description of each key in the schema, except keys of shared definitions (images)."""

    def walk(schema: dict[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
        for key, inner in schema.get("properties", {}).items():
            yield (*path, key), inner.get("description", "")
            yield from walk(inner, (*path, key))

    return {path: text for path, text in walk(SCHEMA, ()) if path != ("global",)}


def test_every_value_has_a_comment() -> None:
    """A user should not have to read templates to set a value."""
    bare = [".".join(path) for path, text in comments().items() if not text and not WHOLE.intersection(path[:-1])]
    assert bare == []


def test_descriptions_in_the_schema_equal_the_comments() -> None:
    by_path = comments()
    assert described() == {path: by_path.get(path) for path in described()}
