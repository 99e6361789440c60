"""Every object conforms to the schemas of Kubernetes and of the custom resources."""

import json
import re
import warnings
from importlib.util import find_spec
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest
import yaml

from migraine_assets_tests.platform.helm.pods import has_steps, run_job, step_job
from migraine_assets_tests.platform.helm.rendering import CHART, Manifest

# The oldest supported version, a middle one and the one of the latest installation on a real cluster.
VERSIONS = ("1.29", "1.33", "1.36")
SHARED = Path(__file__).parents[4] / "shared" / "schemas"
CUSTOM = ("ray.io/v1", "monitoring.coreos.com/v1", "gateway.networking.k8s.io/v1")


@pytest.mark.parametrize("version", VERSIONS)
def test_objects_conform_to_the_schemas_of_kubernetes(objects: list[Manifest], version: str) -> None:
    for each in [*objects, run_job(objects), *([step_job(objects)] if has_steps(objects) else [])]:
        if each["apiVersion"] in CUSTOM:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            kubernetes_validate.validate(each, version, strict=True)


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"no schemas of custom resources in {SHARED}")
def test_custom_resources_conform_to_their_schemas(objects: list[Manifest]) -> None:
    custom = [each for each in objects if each["apiVersion"] in CUSTOM]
    for each in custom:
        version = each["apiVersion"].rpartition("/")[2]
        if each["kind"] in ("HTTPRoute", "Probe"):
            continue  # No schema of these.
        schema = json.loads((SHARED / f"{each['kind']}_{version}.json").read_text())
        jsonschema.Draft202012Validator(schema).validate(each)


def test_the_chart_accepts_only_versions_that_were_tried() -> None:
    """`unhealthyPodEvictionPolicy` is unknown to Kubernetes 1.25, although the chart once allowed it."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["kubeVersion"] == f">={VERSIONS[0]}.0-0"
    assert f"Kubernetes {VERSIONS[0]} or newer" in (CHART.parents[1] / "docs" / "kubernetes.md").read_text()


def test_a_misspelled_field_is_rejected(objects: list[Manifest]) -> None:
    """This shows that the checks above can fail."""
    deployment = next(each for each in objects if each["kind"] == "Deployment")
    deployment["spec"]["template"]["spec"]["containers"][0]["imagePulPolicy"] = "Always"
    with pytest.raises(kubernetes_validate.ValidationError, match="imagePulPolicy"):
        kubernetes_validate.validate(deployment, "1.33", strict=True)


def test_every_object_has_the_labels_of_the_release(objects: list[Manifest]) -> None:
    for each in objects:
        labels = each["metadata"]["labels"]
        assert labels["app.kubernetes.io/instance"] == "migraine-platform"
        assert labels["app.kubernetes.io/managed-by"] == "Helm"
        assert labels["helm.sh/chart"].startswith("migraine-platform-")


def test_modules_named_in_commands_exist(rendered: str) -> None:
    """Otherwise a moved module would fail only in the cluster."""
    modules = set(re.findall(r"python3? -m ([a-z_.]+)|--module-name=([a-z_.]+)|import_path: ([a-z_.]+):", rendered))
    names = {name for groups in modules for name in groups if name}
    assert "migraine_assets.definitions" in names
    # Another code location of the examples.
    assert [name for name in names - {"reports.definitions"} if find_spec(name) is None] == []
