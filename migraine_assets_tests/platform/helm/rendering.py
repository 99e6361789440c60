"""The chart, rendered by real Helm engines: Helm 4 from a Python package, Helm 3 from a program.

Here belong the engines and rendering. Not here: rules for rendered objects (the tests).
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import helm_python
import yaml

Manifest = dict[str, Any]

CHART = Path(__file__).parents[3] / "helm" / "migraine-platform"
VARIANTS = ("default", "production", "no-kuberay", "minimal", "canary", "isolated")
# The name of the release contains the chart's name, so it is the prefix of all names.
RELEASE, NAMESPACE = "migraine-platform", "headache"
KUBERNETES = "1.33.0"
HELM = os.environ.get("MIGRAINE_HELM") or shutil.which("helm")


class Refused(Exception):
    """The engine refused to render."""


class _Loader(yaml.SafeLoader):
    """A YAML loader that refuses duplicate keys. PyYAML takes the last one, and other tools refuse the object."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"twice: {', '.join(sorted(twice))}", node.start_mark)
        return super().construct_mapping(node, deep)


def values_of(variant: str) -> dict[str, Any]:
    """Return the values of a variant: `ci/VARIANT-values.yaml`."""
    return yaml.safe_load((CHART / "ci" / f"{variant}-values.yaml").read_text()) or {}


def objects(text: str) -> list[Manifest]:
    """Return the objects in rendered text, in order."""
    return [each for each in yaml.load_all(text, _Loader) if each]


def render(values: Mapping[str, Any], *, upgrade: bool = False, release: str = RELEASE) -> list[Manifest]:
    """Return all objects that Helm 4 renders, including hooks. Raises `Refused` with its message."""
    chart = helm_python.Chart.load(str(CHART))
    try:
        chart.validate_schema(dict(values))
        files = chart.render(
            dict(values), name=release, namespace=NAMESPACE, is_install=not upgrade, is_upgrade=upgrade
        )
    except helm_python.HelmError as error:
        raise Refused(str(error)) from error
    return [each for path, text in sorted(files.items()) if path.endswith(".yaml") for each in objects(text)]


def notes(values: Mapping[str, Any]) -> str:
    """Return the notes after an installation."""
    chart = helm_python.Chart.load(str(CHART))
    files = chart.render(dict(values), name=RELEASE, namespace=NAMESPACE)
    return next(text for path, text in files.items() if path.endswith("NOTES.txt"))


def render_by_program(values: Mapping[str, Any], folder: Path) -> list[Manifest]:
    """Return all objects that the `helm` program renders. Raises `Refused` with its message."""
    return objects(_helm("template", RELEASE, CHART, "--namespace", NAMESPACE, *_values_options(values, folder)))


def lint_by_program(values: Mapping[str, Any], folder: Path) -> str:
    """Return the output of `helm lint --strict`. Raises `Refused` on problems."""
    options = _values_options(values, folder)[:2]
    return _helm("lint", "--strict", CHART, *options)


def _values_options(values: Mapping[str, Any], folder: Path) -> tuple[object, ...]:
    file = folder / "values.yaml"
    file.write_text(yaml.safe_dump(dict(values)))
    return "--values", file, "--kube-version", KUBERNETES


def _helm(*command: object) -> str:
    done = subprocess.run([str(HELM), *map(str, command)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(done.stderr + done.stdout)
    return done.stdout


def of_kind(objects: list[Manifest], kind: str) -> list[Manifest]:
    """Return the objects of a kind."""
    return [each for each in objects if each["kind"] == kind]


def named(objects: list[Manifest], kind: str, name: str) -> Manifest:
    """Return the object of a kind and name."""
    return next(each for each in of_kind(objects, kind) if each["metadata"]["name"] == name)
