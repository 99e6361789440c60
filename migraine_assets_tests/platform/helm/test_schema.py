"""The schema refuses what cannot be meant, and says why."""

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
# Whose keys are people's own.
FREE = {("grafana", "labels")}
# What is inside these is Kubernetes' own, and has one sentence for all.
WHOLE = {"resources", "autoscalerResources", "clients", "monitoring", "kuberay"}

REFUSED = (
    ({"serving": {"mode": "kserve"}}, "rayservice"),
    ({"serving": {"minReplicas": 0}}, "serving.minReplicas|minReplicas"),
    ({"serving": {"minReplicas": 11}}, r"serving.minReplicas \(11\) is above serving.maxReplicas \(10\)"),
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
    ({"store": {"existingSecret": "keys"}}, "store.uri names none"),
    ({"serving": {"head": {"existingSecret": "redis"}}}, "serving.head.redisAddress names none"),
    ({"serving": {"head": {"redisAddress": "redis"}}}, "redisAddress"),
    ({"database": {"existingSecret": ""}}, "existingSecret"),
    ({"networkPolicy": {"database": {"cidrs": ["everywhere"]}}}, "cidrs"),
    ({"networkPolicy": {"database": {"ports": [70000]}}}, "ports"),
    ({"networkPolicy": {"clients": [{}]}}, "clients"),
    ({"mlflow": {"enabled": False}}, "name your own server in mlflow.trackingUri"),
    ({"mlflow": {"trackingUri": "http://elsewhere:5000"}}, "choose"),
    ({"ingress": {"enabled": True}}, "no host is named"),
    ({"ingress": {"enabled": True, "serving": {"host": "api.example"}}}, "without ingress.serving.tlsSecret"),
    ({"ingress": {"enabled": True, "serving": {"host": "https://api.example"}}}, "host"),
    (
        {
            "ingress": {"enabled": True, "serving": {"host": "api.example", "tlsSecret": "tls"}},
            "serving": {"apiKeysRequired": False},
        },
        "would let everybody ask",
    ),
    ({"serviceAccounts": {"create": False}}, "name yours"),
    ({"prometheusOperator": {"interval": "fast"}}, "interval"),
    ({"extraEnv": [{"name": "1BAD"}]}, "extraEnv"),
)


def _paths(values: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield (*above, key)
            yield from _paths(value, (*above, key))


GROUPS = [path for path in _paths(VALUES) if path not in FREE]


@pytest.mark.parametrize(("values", "said"), REFUSED, ids=lambda given: json.dumps(given) if given else "")
def test_a_value_that_cannot_be_is_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        render(values)


@pytest.mark.parametrize("path", [(), *GROUPS], ids=".".join)
def test_a_key_that_nobody_reads_is_refused(path: tuple[str, ...]) -> None:
    """A misspelled key is else a setting that silently does nothing."""
    values: dict[str, Any] = {}
    inner = values
    for key in path:
        inner = inner.setdefault(key, {})
    inner["misspeled"] = {"a": 1}
    with pytest.raises(Refused, match="misspeled"):
        render(values)


@pytest.mark.parametrize("path", GROUPS, ids=".".join)
def test_a_text_in_the_place_of_a_group_is_refused(path: tuple[str, ...]) -> None:
    values: dict[str, Any] = {}
    inner = values
    for key in path[:-1]:
        inner = inner.setdefault(key, {})
    inner[path[-1]] = "text"
    with pytest.raises(Refused, match=re.escape(path[-1])):
        render(values)


def test_every_value_is_in_the_schema_and_the_other_way_round() -> None:
    def compare(values: dict[str, Any], schema: dict[str, Any], where: str) -> None:
        known = schema.get("properties")
        if known is None:
            return
        # `global` is Helm's own.
        assert set(known) - {"global"} == set(values), where
        for key, value in values.items():
            if isinstance(value, dict):
                compare(value, known[key], f"{where}.{key}")

    compare(VALUES, SCHEMA, "values")


def test_the_defaults_keep_the_schema() -> None:
    assert render(copy.deepcopy(VALUES)) == render({})


def comments() -> dict[tuple[str, ...], str]:
    """The comment above each key of values.yaml, in one line; empty where there is none."""
    found: dict[tuple[str, ...], str] = {}
    path: list[str] = []
    said: list[str] = []
    for line in (CHART / "values.yaml").read_text().splitlines():
        if comment := re.match(r" *# ?(.*)", line):
            said.append(comment[1])
        elif key := re.match(r"( *)([A-Za-z]+):", line):
            path = [*path[: len(key[1]) // 2], key[2]]
            found[tuple(path)], said = " ".join(said), []
        else:
            said = []
    return found


def described() -> dict[tuple[str, ...], str]:
    """The description of each key in the schema; what is defined once for several keys (an image) is one."""

    def walk(schema: dict[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
        for key, inner in schema.get("properties", {}).items():
            yield (*path, key), inner.get("description", "")
            yield from walk(inner, (*path, key))

    return {path: text for path, text in walk(SCHEMA, ()) if path != ("global",)}


def test_every_value_has_a_sentence_of_its_own() -> None:
    """Nobody should have to read templates to set one."""
    bare = [".".join(path) for path, text in comments().items() if not text and not WHOLE.intersection(path[:-1])]
    assert bare == []


def test_the_schema_says_what_the_comments_say() -> None:
    found = comments()
    assert described() == {path: found.get(path) for path in described()}
