"""Objects are rendered as operators and the API would complete them, so that Helm 4 can apply them again.

Helm 4 applies on the server: a field that another manager has set differently is a conflict, and the upgrade stops
halfway.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from migraine_assets_tests.platform.helm.pods import Pod
from migraine_assets_tests.platform.helm.rendering import CHART, Manifest, of_kind, render

LOCK = Path(__file__).parents[3] / "requirements" / "serving.lock"
CANONICAL = re.compile(r"[1-9][0-9]*(m|k|M|G|T|Ki|Mi|Gi|Ti)?")


def test_the_version_of_ray_is_the_locked_one() -> None:
    """KubeRay from 1.5.1 refuses tokens without a version of Ray, and it would trust a wrong one."""
    locked = re.search(r"^ray==([0-9.]+)", LOCK.read_text(), re.MULTILINE)
    assert locked
    cluster = of_kind(render({}), "RayService")[0]["spec"]["rayClusterConfig"]
    assert cluster["authOptions"] == {"mode": "token"}
    assert cluster["rayVersion"] == locked[1]


def test_worker_groups_have_what_the_operator_fills_in(objects: list[Manifest]) -> None:
    """KubeRay's operator writes these fields into the object and then owns them."""
    for service in of_kind(objects, "RayService"):
        for group in service["spec"]["rayClusterConfig"]["workerGroupSpecs"]:
            assert (group["numOfHosts"], group["scaleStrategy"]) == (1, {})


def test_ports_of_ray_have_a_protocol(pods: list[Pod]) -> None:
    """The list of ports is keyed by port and protocol."""
    for pod in (pod for pod in pods if "ray.io/node-type" in pod.labels):
        for port in pod.spec["containers"][0]["ports"]:
            assert port["protocol"] == "TCP", pod.name


def test_no_variable_has_an_empty_value(pods: list[Pod]) -> None:
    """The API drops an empty value, so the object would differ from what is applied."""
    for pod in pods:
        for container in pod.containers:
            empty = [each["name"] for each in container.get("env", []) if each.get("value") == ""]
            assert empty == [], f"{pod.name}/{container['name']}"


def _quantities(node: Any, key: str = "") -> Iterator[Any]:
    match node:
        case dict():
            for name, value in node.items():
                yield from _quantities(value, key if key in ("requests", "limits") else name)
        case list():
            for value in node:
                yield from _quantities(value)
        case _ if key in ("requests", "limits"):
            yield node


def test_quantities_are_canonical(objects: list[Manifest], pods: list[Pod]) -> None:
    for quantity in _quantities([objects, [pod.spec for pod in pods]]):
        assert isinstance(quantity, str)
        assert CANONICAL.fullmatch(quantity), quantity
        number, unit = re.fullmatch(r"(\d+)(.*)", quantity).groups()  # type: ignore[union-attr]
        assert unit == "" or int(number) % (1024 if unit.endswith("i") else 1000) or unit in ("T", "Ti"), quantity


@pytest.mark.parametrize(
    ("quantity", "rendered"),
    [
        (0.5, "500m"),
        ("0.5", "500m"),
        ("1000m", "1"),
        ("1500m", "1500m"),
        (2, "2"),
        ("2000", "2k"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("2048Gi", "2Ti"),
        (1073741824, "1073741824"),
        ("1500M", "1500M"),
    ],
)
def test_a_quantity_is_rendered_in_its_canonical_form(quantity: object, rendered: str) -> None:
    """The form is that of Kubernetes' `resource.Quantity`."""
    resources = {"requests": {"cpu": 0, "memory": 0, "example.com/x": quantity}, "limits": {"cpu": 1, "memory": "1Gi"}}
    resources["requests"] |= {"cpu": "1m", "memory": "1Ki"}
    daemon = next(each for each in render({"daemon": {"resources": resources}}) if "daemon" in each["metadata"]["name"])
    container = daemon["spec"]["template"]["spec"]["containers"][0]
    assert container["resources"]["requests"]["example.com/x"] == rendered


def test_documents_name_the_way_out_of_a_conflict() -> None:
    """Objects of older charts have fields that belong to the operator."""
    text = (CHART.parents[1] / "docs" / "kubernetes.md").read_text()
    assert "--force-conflicts" in text
    assert "1.5.1" in text


def test_the_rendered_version_of_ray_is_a_text() -> None:
    """Unquoted, 2.60 would be a number."""
    text = (CHART / "templates" / "serving-rayservice.yaml").read_text()
    line = next(line for line in text.splitlines() if "rayVersion" in line)
    assert isinstance(yaml.safe_load(line)["rayVersion"], str)
