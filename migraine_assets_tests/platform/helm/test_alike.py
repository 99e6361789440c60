"""The values for all pods reach all of them: migrations, tests, PostgreSQL, runs, steps, backups and Ray.

Not here: what every pod has without such values (`test_policies`).
"""

from typing import Any

import pytest

from migraine_assets_tests.platform.helm.pods import Pod, pods_of
from migraine_assets_tests.platform.helm.rendering import Manifest, render, values_of

TAINT = {"key": "dedicated", "operator": "Equal", "value": "migraine", "effect": "NoSchedule"}
AFFINITY = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
    {"matchExpressions": [{"key": "pool", "operator": "In", "values": ["migraine"]}]}
]}}}  # fmt: skip
ALL: dict[str, Any] = {
    "nodeSelector": {"pool": "migraine"},
    "tolerations": [TAINT],
    "affinity": AFFINITY,
    "priorityClassName": "important",
    "podLabels": {"team": "headache"},
    "podAnnotations": {"linkerd.io/inject": "enabled"},
    "podSecurityContext": {"supplementalGroups": [2000]},
    "securityContext": {"seLinuxOptions": {"level": "s0:c1"}},
    "extraVolumes": [{"name": "ca", "configMap": {"name": "ca"}}],
    "extraVolumeMounts": [{"name": "ca", "mountPath": "/etc/ca", "readOnly": True}],
    "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}],
    "imagePullSecrets": [{"name": "registry"}],
}
EVERY_COMPONENT = {
    *("webserver", "webserver-read-only", "daemon", "code-location", "code-reports", "mlflow", "serving", "run"),
    *("migrate", "test", "backup", "cleanup"),
}


@pytest.fixture(scope="module", params=["isolated", "minimal"])
def alike(request: pytest.FixtureRequest) -> list[Pod]:
    """All pods of a variant with everything, and of one with PostgreSQL and without Ray."""
    return pods_of(render({**values_of(request.param), **ALL}))


def test_the_variants_have_every_component() -> None:
    """The tests below would otherwise pass without looking at a pod."""
    pods = [*pods_of(render(values_of("isolated"))), *pods_of(render(values_of("minimal")))]
    assert {pod.component for pod in pods} >= EVERY_COMPONENT | {"postgres"}
    assert {pod.labels.get("ray.io/node-type") for pod in pods} >= {"head", "worker"}


def test_every_pod_is_placed_alike(alike: list[Pod]) -> None:
    """On tainted nodes a single pod without the toleration stays pending, and the migration blocks the installation."""
    for pod in alike:
        assert pod.spec["nodeSelector"].items() >= ALL["nodeSelector"].items(), pod.name
        assert TAINT in pod.spec["tolerations"], pod.name
        assert pod.spec["affinity"] == AFFINITY, pod.name
        assert pod.spec["priorityClassName"] == "important", pod.name
        assert pod.spec["imagePullSecrets"] == ALL["imagePullSecrets"], pod.name


def test_every_pod_has_the_labels_and_annotations(alike: list[Pod]) -> None:
    for pod in alike:
        assert pod.labels["team"] == "headache", pod.name
        assert pod.annotations["linkerd.io/inject"] == "enabled", pod.name


def test_every_container_has_the_variables_mounts_and_security(alike: list[Pod]) -> None:
    for pod in alike:
        assert pod.spec["securityContext"]["supplementalGroups"] == [2000], pod.name
        assert ALL["extraVolumes"][0] in pod.spec["volumes"], pod.name
        for container in pod.containers:
            name = f"{pod.name}/{container['name']}"
            assert ALL["extraEnv"][0] in container["env"], name
            assert ALL["extraVolumeMounts"][0] in container["volumeMounts"], name
            assert container["securityContext"]["seLinuxOptions"] == {"level": "s0:c1"}, name
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}, name


def test_a_component_adds_tolerations_and_replaces_affinity() -> None:
    own = {"key": "gpu", "operator": "Exists"}
    placed = {"tolerations": [own], "nodeSelector": {"disk": "ssd"}, "affinity": {"podAffinity": {}}}
    values = {**values_of("minimal"), **ALL, "daemon": {**placed, "priorityClassName": "urgent"}}
    for pod in pods_of(render(values)):
        if pod.component == "daemon":
            assert pod.spec["tolerations"] == [TAINT, own]
            assert pod.spec["nodeSelector"] == {"pool": "migraine", "disk": "ssd"}
            assert pod.spec["priorityClassName"] == "urgent"
            assert list(pod.spec["affinity"]) == ["podAffinity"]
        else:
            assert pod.spec["tolerations"] == [TAINT], pod.name


def test_openshift_assigns_users_and_groups() -> None:
    """OpenShift's restricted-v2 refuses pods with a user or group outside the namespace's range."""
    for pod in pods_of(render({**values_of("isolated"), "openshift": True})):
        assert not {"runAsUser", "runAsGroup", "fsGroup"} & set(pod.spec["securityContext"]), pod.name
        assert pod.spec["securityContext"]["runAsNonRoot"] is True, pod.name


def test_no_container_has_a_variable_twice(pods: list[Pod]) -> None:
    """Server-side apply refuses such a list; a variable of the user replaces that of the chart."""
    for pod in [*pods, *pods_of(render({"extraEnv": [{"name": "MIGRAINE_HOME", "value": "/data"}]}))]:
        for container in pod.containers:
            names = [each["name"] for each in container.get("env", [])]
            assert len(names) == len(set(names)), f"{pod.name}/{container['name']}"


def test_a_variable_of_the_user_replaces_that_of_the_chart() -> None:
    objects: list[Manifest] = render({"extraEnv": [{"name": "MIGRAINE_AUTOMATION", "value": "off"}]})
    for pod in pods_of(objects):
        if pod.component in ("webserver", "daemon", "code-location", "run"):
            variables = {each["name"]: each.get("value") for each in pod.spec["containers"][0]["env"]}
            assert variables["MIGRAINE_AUTOMATION"] == "off", pod.name
