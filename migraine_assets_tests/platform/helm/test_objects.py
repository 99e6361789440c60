"""Every object conforms to the schemas of Kubernetes and of the custom resources."""

import json
import re
import warnings
from importlib.util import find_spec
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest

from migraine_assets_tests.platform.helm.pods import run_job
from migraine_assets_tests.platform.helm.rendering import Manifest

# The oldest supported version, a middle one and a recent one.
VERSIONS = ("1.25", "1.29", "1.33")
SHARED = Path(__file__).parents[4] / "shared" / "schemas"
CUSTOM = ("ray.io/v1", "monitoring.coreos.com/v1")


@pytest.mark.parametrize("version", VERSIONS)
def test_objects_conform_to_the_schemas_of_kubernetes(objects: list[Manifest], version: str) -> None:
    for each in [*objects, run_job(objects)]:
        if each["apiVersion"] in CUSTOM:
            continue
        if each["kind"] == "PodDisruptionBudget" and version == "1.25":
            # A beta field since 1.27; older servers drop it.
            each["spec"].pop("unhealthyPodEvictionPolicy")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            kubernetes_validate.validate(each, version, strict=True)


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"no schemas of custom resources in {SHARED}")
def test_custom_resources_conform_to_their_schemas(objects: list[Manifest]) -> None:
    custom = [each for each in objects if each["apiVersion"] in CUSTOM]
    for each in custom:
        version = each["apiVersion"].rpartition("/")[2]
        schema = json.loads((SHARED / f"{each['kind']}_{version}.json").read_text())
        jsonschema.Draft202012Validator(schema).validate(each)


def test_a_misspelled_field_is_rejected(objects: list[Manifest]) -> None:
    """The checks above can fail."""
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
    """A module that was moved would otherwise only fail in the cluster."""
    modules = set(re.findall(r"python3? -m ([a-z_.]+)|--module-name=([a-z_.]+)|import_path: ([a-z_.]+):", rendered))
    names = {name for groups in modules for name in groups if name}
    assert "migraine_assets.definitions" in names
    assert [name for name in names if find_spec(name) is None] == []
