"""Helm 3 and Helm 4 render the same objects."""

from pathlib import Path

import helm_python
import pytest
import yaml

from migraine_assets_tests.platform.helm.rendering import (
    CHART,
    HELM,
    KUBERNETES,
    NAMESPACE,
    RELEASE,
    VARIANTS,
    Manifest,
    lint_by_program,
    notes,
    render,
    render_by_program,
    values_of,
)

program = pytest.mark.skipif(HELM is None, reason="helm is not on the PATH; `make chart` fetches it")


def _identity(each: Manifest) -> tuple[str, str, str]:
    return each["kind"], each["metadata"]["name"], each["metadata"].get("namespace", NAMESPACE)


def _in_order(objects: list[Manifest]) -> list[Manifest]:
    return sorted(objects, key=_identity)


def test_every_values_file_in_ci_is_tested() -> None:
    assert {path.name.removesuffix("-values.yaml") for path in (CHART / "ci").iterdir()} == set(VARIANTS)


def test_helm_4_lints_without_problems(variant: str) -> None:
    result = helm_python.lint(str(CHART), values_of(variant), strict=True, kube_version=f"v{KUBERNETES}")
    assert [m for m in result["messages"] if m.get("severity", 0) > 1] == []


@program
def test_helm_3_lints_without_problems(variant: str, tmp_path: Path) -> None:
    assert "0 chart(s) failed" in lint_by_program(values_of(variant), tmp_path)


@program
def test_helm_3_and_helm_4_render_the_same(variant: str, objects: list[Manifest], tmp_path: Path) -> None:
    assert _in_order(render_by_program(values_of(variant), tmp_path)) == _in_order(objects)


def test_rendering_is_deterministic(variant: str, objects: list[Manifest]) -> None:
    """Otherwise a GitOps tool would replace objects again and again."""
    assert render(values_of(variant)) == objects


def test_an_upgrade_renders_the_same_as_an_installation(variant: str, objects: list[Manifest]) -> None:
    assert render(values_of(variant), upgrade=True) == objects


def test_names_are_unique(objects: list[Manifest]) -> None:
    names = [_identity(each) for each in objects]
    assert len(names) == len(set(names))


def test_a_long_release_name_gives_valid_names() -> None:
    chart = helm_python.Chart.load(str(CHART))
    files = chart.render(values_of("production"), name="a" * 53, namespace=NAMESPACE)
    for text in files.values():
        for each in yaml.safe_load_all(text) if "kind:" in text else ():
            assert len(each["metadata"]["name"]) <= 63, each["metadata"]["name"]


def test_the_notes_have_the_next_commands(variant: str, objects: list[Manifest]) -> None:
    """The deployments, containers and services that they name exist in this installation."""
    text = notes(values_of(variant))
    names = {each["metadata"]["name"] for each in objects}
    deployments = [word.removeprefix("deploy/") for word in text.split() if word.startswith("deploy/")]
    services = [word.removeprefix("svc/") for word in text.split() if word.startswith("svc/")]
    assert len(deployments) == 2
    assert set(deployments) <= names
    # KubeRay creates the Service of a RayService.
    assert {service.removesuffix("-serve-svc") for service in services} <= names
    assert all(step in text for step in ("1. ", "2. ", "3. ", f"helm -n {NAMESPACE} test {RELEASE}"))
