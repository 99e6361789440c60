"""Both engines take the chart, and make the same of it."""

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
    WAYS,
    Manifest,
    lint_by_program,
    notes,
    render,
    render_by_program,
    values_of,
)

program = pytest.mark.skipif(HELM is None, reason="there is no helm on PATH: `make chart` fetches one")


def _identity(each: Manifest) -> tuple[str, str]:
    return each["kind"], each["metadata"]["name"]


def _in_order(found: list[Manifest]) -> list[Manifest]:
    return sorted(found, key=_identity)


def test_every_file_of_values_in_ci_is_a_way_that_is_tested() -> None:
    assert {path.name.removesuffix("-values.yaml") for path in (CHART / "ci").iterdir()} == set(WAYS)


def test_helm_4_finds_nothing_to_complain_of(way: str) -> None:
    result = helm_python.lint(str(CHART), values_of(way), strict=True, kube_version=f"v{KUBERNETES}")
    assert [m for m in result["messages"] if m.get("severity", 0) > 1] == []


@program
def test_helm_3_finds_nothing_to_complain_of(way: str, tmp_path: Path) -> None:
    assert "0 chart(s) failed" in lint_by_program(values_of(way), tmp_path)


@program
def test_helm_3_and_helm_4_render_the_same(way: str, found: list[Manifest], tmp_path: Path) -> None:
    assert _in_order(render_by_program(values_of(way), tmp_path)) == _in_order(found)


def test_rendering_again_gives_the_same(way: str, found: list[Manifest]) -> None:
    """Nothing random: a tool that renders and compares would else replace things for ever."""
    assert render(values_of(way)) == found


def test_an_upgrade_renders_what_an_installation_does(way: str, found: list[Manifest]) -> None:
    assert render(values_of(way), upgrade=True) == found


def test_no_two_objects_have_one_name(found: list[Manifest]) -> None:
    names = [_identity(each) for each in found]
    assert len(names) == len(set(names))


def test_a_long_name_of_the_release_still_gives_valid_names() -> None:
    chart = helm_python.Chart.load(str(CHART))
    files = chart.render(values_of("production"), name="a" * 53, namespace=NAMESPACE)
    for text in files.values():
        for each in yaml.safe_load_all(text) if "kind:" in text else ():
            assert len(each["metadata"]["name"]) <= 63, each["metadata"]["name"]


def test_the_notes_tell_the_next_three_commands(way: str, found: list[Manifest]) -> None:
    """Each names only what there is: deployments, containers and services of this very installation."""
    told = notes(values_of(way))
    names = {each["metadata"]["name"] for each in found}
    deployments = [word.removeprefix("deploy/") for word in told.split() if word.startswith("deploy/")]
    services = [word.removeprefix("svc/") for word in told.split() if word.startswith("svc/")]
    assert len(deployments) == 2
    assert set(deployments) <= names
    # KubeRay makes the Service of a RayService.
    assert {service.removesuffix("-serve-svc") for service in services} <= names
    assert all(step in told for step in ("1. ", "2. ", "3. ", f"helm -n {NAMESPACE} test {RELEASE}"))
