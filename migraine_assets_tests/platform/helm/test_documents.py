"""What docs/kubernetes.md tells people to write renders, and the objects that docs/operating.md names are there."""

import re
from pathlib import Path

import pytest
import yaml

from migraine_assets.params import load_params
from migraine_assets_tests.platform.helm.rendering import RELEASE, render, values_of

DOCS = Path(__file__).parents[3] / "docs"
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", (DOCS / "kubernetes.md").read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_renders(example: str) -> None:
    assert render(yaml.safe_load(example))


def test_every_object_that_operating_names_exists() -> None:
    kinds = {"deploy": "Deployment", "statefulset": "StatefulSet"}
    named = re.findall(r"\b(deploy|statefulset)/PREFIX-([a-z-]+)", (DOCS / "operating.md").read_text())
    assert named
    there = {(each["kind"], each["metadata"]["name"]) for each in render(values_of("minimal"))}
    assert {(kinds[kind], f"{RELEASE}-{name}") for kind, name in named} <= there


def test_files_of_values_that_are_named_exist() -> None:
    for name in set(re.findall(r"ci/[a-z-]+\.yaml", (DOCS / "kubernetes.md").read_text())):
        assert (DOCS.parent / "helm" / "migraine-platform" / name).exists(), name


def test_parameters_of_training_that_a_way_gives_are_parameters(tmp_path: Path, way: str) -> None:
    """The chart passes them on as they are: a wrong one would only be found by the first run."""
    given = values_of(way).get("pipeline", {}).get("params")
    if given:
        file = tmp_path / "params.yaml"
        file.write_text(yaml.safe_dump(given))
        load_params(file)
