"""Helm's checks of the cluster before it changes anything, with the Helm program and a small Kubernetes API."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from migraine_assets_tests.platform.helm.cluster import Cluster, running_cluster
from migraine_assets_tests.platform.helm.rendering import CHART, HELM, NAMESPACE, RELEASE, named, render

pytestmark = pytest.mark.skipif(HELM is None, reason="helm is not on the PATH; `make chart` fetches it")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster with the namespace of the release."""
    with running_cluster(tmp_path) as running:
        running.namespace(NAMESPACE)
        yield running


def _install(cluster: Cluster, values: dict[str, Any]) -> str:
    """Return the error of an installation without hooks, which the API cannot run. Empty if it succeeds."""
    file = cluster.kubeconfig.with_name("values.yaml")
    file.write_text(yaml.safe_dump(values))
    command = [str(HELM), "install", RELEASE, CHART, "--namespace", NAMESPACE, "--values", file]
    done = subprocess.run(
        [*command, "--no-hooks", "--disable-openapi-validation"],
        env=os.environ | {"KUBECONFIG": str(cluster.kubeconfig), "HOME": str(cluster.kubeconfig.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    return " ".join(done.stderr.split()) if done.returncode else ""


def _existing(cluster: Cluster, values: dict[str, Any], *which: tuple[str, str]) -> None:
    """Put objects of an earlier installation into the cluster."""
    objects = render(values)
    for kind, name in which:
        cluster.add(NAMESPACE, named(objects, kind, f"{RELEASE}-{name}"))


def test_missing_secrets_and_keys_are_named_at_once(cluster: Cluster) -> None:
    """A pod without its Secret waits silently, and Helm waits for it until its timeout."""
    cluster.secret(NAMESPACE, "migraine-databases", "dagster")
    error = _install(cluster, {"serving": {"existingSecret": "signing"}, "alerts": {"existingSecret": "channels"}})
    for name in ("Secret signing", "Secret channels", "key mlflow of Secret migraine-databases"):
        assert f"{name} in namespace {NAMESPACE}" in error
    assert not [request for request in cluster.requests if request[0] == "POST"]


def test_with_its_secrets_the_release_is_installed(cluster: Cluster) -> None:
    cluster.secret(NAMESPACE, "migraine-databases", "dagster", "mlflow")
    assert _install(cluster, {"networkPolicy": {"enabled": False}}) == ""
    assert (NAMESPACE, "rayservices", f"{RELEASE}-serving") in cluster.objects


def test_the_check_can_be_left_out(cluster: Cluster) -> None:
    """This is needed for an account that may not read Secrets, and for Secrets that an operator creates later."""
    _existing(cluster, {}, ("Deployment", "daemon"))
    assert "exists and cannot be imported" in _install(cluster, {"preflight": False})


def test_the_namespace_of_runs_and_its_secrets_are_checked(cluster: Cluster) -> None:
    cluster.secret(NAMESPACE, "migraine-databases", "dagster", "mlflow")
    values = {
        "store": {"uri": "s3://bucket/store"},
        "mlflow": {"artifacts": "s3://bucket/mlflow"},
        "home": {"enabled": False},
        "pipeline": {"namespace": "runs", "logs": "store"},
    }
    assert "namespace runs of pipeline.namespace does not exist" in _install(cluster, values)
    cluster.namespace("runs")
    error = _install(cluster, values)
    assert "Secret migraine-databases in namespace runs" in error
    assert f"in namespace {NAMESPACE}" not in error


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"postgres": {"size": "20Gi"}}, 'postgres.size is "10Gi" in the cluster'),
        ({"postgres": {"storageClass": "fast"}}, "postgres.storageClass is"),
        ({"home": {"storageClass": "fast"}}, 'home.storageClass is "efs" in the cluster'),
        ({"home": {"accessModes": ["ReadWriteOnce"]}}, "home.accessModes is"),
        ({"home": {"size": "10Gi"}}, "a volume cannot shrink"),
        # The same size in another unit, and a larger volume, are allowed: only the existing names are refused.
        ({"postgres": {"size": "10240Mi"}, "home": {"size": "100Gi"}}, "exists and cannot be imported"),
    ],
)
def test_fields_of_volumes_that_cannot_be_changed_are_refused(
    cluster: Cluster, values: dict[str, dict[str, Any]], refusal: str
) -> None:
    """The API's own answer, "field is immutable", comes after half of the upgrade."""
    cluster.secret(NAMESPACE, "migraine-postgres", "password")
    first: dict[str, dict[str, Any]] = {"postgres": {"enabled": True}, "home": {"storageClass": "efs"}}
    _existing(cluster, first, ("StatefulSet", "postgres"), ("PersistentVolumeClaim", "home"))
    error = _install(cluster, {part: {**first[part], **values.get(part, {})} for part in first})
    assert refusal in error
    assert ("What cannot be changed" in error) is (" is" in refusal)


@pytest.mark.parametrize("value", [{"nameOverride": "other"}, {"fullnameOverride": "other"}])
def test_names_cannot_be_changed(cluster: Cluster, value: dict[str, str]) -> None:
    """Other names would create a second set of objects next to the first, with an empty volume."""
    cluster.secret(NAMESPACE, "migraine-databases", "dagster", "mlflow")
    _existing(cluster, {}, ("Deployment", "daemon"))
    assert "nameOverride and fullnameOverride cannot be changed" in _install(cluster, value)
