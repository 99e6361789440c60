"""Kubernetes' own schemas, and those of the custom resources, take every object as it is."""

import json
import warnings
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest

from migraine_assets_tests.platform.helm.pods import run_job
from migraine_assets_tests.platform.helm.rendering import Manifest

# The oldest that the chart names, one between, and one of the newest.
VERSIONS = ("1.25", "1.29", "1.33")
SHARED = Path(__file__).parents[4] / "shared" / "schemas"
CUSTOM = ("ray.io/v1", "monitoring.coreos.com/v1")


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_knows_every_field(found: list[Manifest], version: str) -> None:
    for each in [*found, run_job(found)]:
        if each["apiVersion"] in CUSTOM:
            continue
        if each["kind"] == "PodDisruptionBudget" and version == "1.25":
            # Taken as a beta field from 1.27 on; older servers drop it.
            each["spec"].pop("unhealthyPodEvictionPolicy")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            kubernetes_validate.validate(each, version, strict=True)


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"there are no schemas of custom resources in {SHARED}")
def test_the_operators_know_every_field(found: list[Manifest]) -> None:
    custom = [each for each in found if each["apiVersion"] in CUSTOM]
    for each in custom:
        version = each["apiVersion"].rpartition("/")[2]
        schema = json.loads((SHARED / f"{each['kind']}_{version}.json").read_text())
        jsonschema.Draft202012Validator(schema).validate(each)


def test_a_misspelled_field_is_found(found: list[Manifest]) -> None:
    """The checks above can fail."""
    deployment = next(each for each in found if each["kind"] == "Deployment")
    deployment["spec"]["template"]["spec"]["containers"][0]["imagePulPolicy"] = "Always"
    with pytest.raises(kubernetes_validate.ValidationError, match="imagePulPolicy"):
        kubernetes_validate.validate(deployment, "1.33", strict=True)


def test_every_object_says_whose_it_is(found: list[Manifest]) -> None:
    for each in found:
        labels = each["metadata"]["labels"]
        assert labels["app.kubernetes.io/instance"] == "migraine-platform"
        assert labels["app.kubernetes.io/managed-by"] == "Helm"
        assert labels["helm.sh/chart"].startswith("migraine-platform-")
