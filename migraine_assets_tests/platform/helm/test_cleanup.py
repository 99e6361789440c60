"""Before an uninstallation, a hook deletes what Helm does not know. It runs with a small Kubernetes API."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from migraine_assets_tests.platform.helm.cluster import Cluster, running_cluster
from migraine_assets_tests.platform.helm.rendering import (
    NAMESPACE,
    RELEASE,
    Manifest,
    named,
    of_kind,
    render,
    values_of,
)
from migraine_assets_tests.support.waiting import eventually

RUN = {
    "app.kubernetes.io/name": RELEASE,
    "app.kubernetes.io/instance": RELEASE,
    "app.kubernetes.io/component": "run",
}
RAY = {"ray.io/originated-from-cr-name": f"{RELEASE}-serving"}


@pytest.fixture(scope="module")
def objects() -> list[Manifest]:
    """A release with Redis, and runs in a namespace of their own."""
    return render(values_of("isolated"))


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster with the remains of a release, and objects of others."""
    with running_cluster(tmp_path) as running:
        for space, kind, name, labels in (
            (NAMESPACE, "RayService", f"{RELEASE}-serving", {}),
            (NAMESPACE, "RayCluster", f"{RELEASE}-serving-abcde", RAY),
            (NAMESPACE, "RayCluster", "of-another", {"ray.io/originated-from-cr-name": "another"}),
            (NAMESPACE, "Job", f"{RELEASE}-migrate", {}),
            (NAMESPACE, "Job", "of-another", RUN | {"app.kubernetes.io/instance": "another"}),
            ("migraine-runs", "Job", "dagster-run-1", RUN),
            ("migraine-runs", "Job", "dagster-step-2", RUN),
        ):
            running.add(space, {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "labels": labels}})
        yield running


def _start(cluster: Cluster, objects: list[Manifest]) -> "subprocess.Popen[str]":
    container = named(objects, "Job", f"{RELEASE}-cleanup")["spec"]["template"]["spec"]["containers"][0]
    command = [*container["command"], *container["args"]]
    assert command[0] == "python3"
    environment = os.environ | {"KUBECONFIG": str(cluster.kubeconfig)}
    return subprocess.Popen([sys.executable, *command[1:]], env=environment, text=True)


def test_jobs_and_the_ray_service_are_deleted_and_clusters_waited_for(
    cluster: Cluster, objects: list[Manifest]
) -> None:
    """KubeRay's operator deletes the state in Redis by a pod whose account Helm removes next."""
    left = (NAMESPACE, "rayclusters", f"{RELEASE}-serving-abcde")
    process = _start(cluster, objects)
    listing = ("GET", "rayclusters", "")
    assert eventually(lambda: cluster.requests.count(listing) >= 2), process.poll()
    assert process.poll() is None
    # The operator has finished.
    threading.Timer(0, cluster.objects.pop, (left,)).start()
    assert process.wait(timeout=120) == 0
    assert set(cluster.objects) == {(NAMESPACE, "rayclusters", "of-another"), (NAMESPACE, "jobs", "of-another")}
    assert _needed(cluster) <= _allowed(objects)


def _needed(cluster: Cluster) -> set[tuple[str, str]]:
    verbs = {"GET": "list", "DELETE": "delete"}
    return {
        ("deletecollection" if (method, name) == ("DELETE", "") else verbs[method], resource)
        for method, resource, name in cluster.requests
    }


def _allowed(objects: list[Manifest]) -> set[tuple[str, str]]:
    return {
        (verb, resource)
        for role in of_kind(objects, "Role")
        if role["metadata"]["name"].endswith("-cleanup")
        for rule in role["rules"]
        for verb in rule["verbs"]
        for resource in rule["resources"]
    }


def test_nothing_to_delete_is_no_error(tmp_path: Path, objects: list[Manifest]) -> None:
    """This holds without KubeRay, without runs and on a second try."""
    with running_cluster(tmp_path) as empty:
        assert _start(empty, objects).wait(timeout=120) == 0


def test_the_hook_runs_before_helm_deletes_anything_with_an_account_of_its_own(objects: list[Manifest]) -> None:
    hooks = [each for each in objects if each["metadata"]["name"].endswith("-cleanup")]
    kinds = {each["kind"] for each in hooks}
    assert kinds == {"ServiceAccount", "Role", "RoleBinding", "Job"}
    weights: dict[str, int] = {}
    for each in hooks:
        annotations = each["metadata"]["annotations"]
        assert annotations["helm.sh/hook"] == "pre-delete"
        weights[each["kind"]] = int(annotations["helm.sh/hook-weight"])
    assert weights["ServiceAccount"] < weights["RoleBinding"] < weights["Job"]
