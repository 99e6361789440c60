"""The examples in docs/kubernetes.md render, and the objects named in docs/operating.md exist."""

import re
from pathlib import Path

import pytest
import yaml

from migraine_assets.params import load_params
from migraine_assets_tests.platform.helm.rendering import RELEASE, render, values_of

DOCS = Path(__file__).parents[3] / "docs"
TEXT = "\n".join((DOCS / name).read_text() for name in ("kubernetes.md", "operating.md"))
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
# Objects of other projects, beside the chart's values.
OBJECTS = re.findall(r"^```yaml {file=[a-z-]+}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_renders(example: str) -> None:
    assert render(yaml.safe_load(example))


def test_objects_of_other_projects_are_complete() -> None:
    """Their schemas are not available here, so only their references to the chart are checked."""
    kinds = {}
    for text in OBJECTS:
        each = yaml.safe_load(text)
        assert {"apiVersion", "kind", "metadata", "spec"} == set(each)
        kinds[each["kind"]] = each["spec"]
    assert kinds["Application"]["source"]["path"] == kinds["HelmRelease"]["chart"]["spec"]["chart"]
    assert (DOCS.parent / kinds["Application"]["source"]["path"] / "Chart.yaml").exists()
    database = yaml.safe_load((DOCS.parent / "helm" / "migraine-platform" / "values.yaml").read_text())["database"]
    secret = kinds["ExternalSecret"]
    assert secret["target"]["name"] == database["existingSecret"]
    assert {each["secretKey"] for each in secret["data"]} == {database["dagsterKey"], database["mlflowKey"]}


def test_objects_named_in_the_operations_document_exist() -> None:
    kinds = {"deploy": "Deployment", "statefulset": "StatefulSet"}
    named = re.findall(r"\b(deploy|statefulset)/PREFIX-([a-z-]+)", (DOCS / "operating.md").read_text())
    assert named
    declared = {(each["kind"], each["metadata"]["name"]) for each in render(values_of("minimal"))}
    assert {(kinds[kind], f"{RELEASE}-{name}") for kind, name in named} <= declared


def test_named_values_files_exist() -> None:
    for name in set(re.findall(r"ci/[a-z-]+\.yaml", (DOCS / "kubernetes.md").read_text())):
        assert (DOCS.parent / "helm" / "migraine-platform" / name).exists(), name


def test_training_parameters_in_values_files_are_valid(tmp_path: Path, variant: str) -> None:
    """The chart does not check them, so an invalid one would fail the first run."""
    params = values_of(variant).get("pipeline", {}).get("params")
    if params:
        file = tmp_path / "params.yaml"
        file.write_text(yaml.safe_dump(params))
        load_params(file)
