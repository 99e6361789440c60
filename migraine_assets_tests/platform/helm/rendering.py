"""The chart, rendered by real Helm engines. Helm 4's comes with the test environment; Helm 3's is a program.

Here belong engines and what they make of values. Not here: what has to hold of it (the tests).
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
WAYS = ("default", "production", "no-kuberay", "minimal", "canary")
# The name of the release contains that of the chart, and so begins all names as it is.
RELEASE, NAMESPACE = "migraine-platform", "headache"
KUBERNETES = "1.33.0"
HELM = os.environ.get("MIGRAINE_HELM") or shutil.which("helm")


class Refused(Exception):
    """The engine rendered nothing."""


def values_of(way: str) -> dict[str, Any]:
    """The values of one way to install: `ci/WAY-values.yaml`."""
    return yaml.safe_load((CHART / "ci" / f"{way}-values.yaml").read_text()) or {}


def objects(text: str) -> list[Manifest]:
    """The objects in rendered text, in order."""
    return [found for found in yaml.safe_load_all(text) if found]


def render(values: Mapping[str, Any], *, upgrade: bool = False) -> list[Manifest]:
    """Everything that Helm 4's engine renders, hooks too. Raises `Refused` with its sentence."""
    chart = helm_python.Chart.load(str(CHART))
    try:
        chart.validate_schema(dict(values))
        files = chart.render(
            dict(values), name=RELEASE, namespace=NAMESPACE, is_install=not upgrade, is_upgrade=upgrade
        )
    except helm_python.HelmError as error:
        raise Refused(str(error)) from error
    return [found for path, text in sorted(files.items()) if path.endswith(".yaml") for found in objects(text)]


def notes(values: Mapping[str, Any]) -> str:
    """What Helm tells after an installation."""
    chart = helm_python.Chart.load(str(CHART))
    files = chart.render(dict(values), name=RELEASE, namespace=NAMESPACE)
    return next(text for path, text in files.items() if path.endswith("NOTES.txt"))


def render_by_program(values: Mapping[str, Any], folder: Path) -> list[Manifest]:
    """Everything that the `helm` program renders. Raises `Refused` with its sentence."""
    return objects(_helm("template", RELEASE, CHART, "--namespace", NAMESPACE, *_given(values, folder)))


def lint_by_program(values: Mapping[str, Any], folder: Path) -> str:
    """What `helm lint --strict` says. Raises `Refused` where it finds something."""
    given = _given(values, folder)[:2]
    return _helm("lint", "--strict", CHART, *given)


def _given(values: Mapping[str, Any], folder: Path) -> tuple[object, ...]:
    file = folder / "values.yaml"
    file.write_text(yaml.safe_dump(dict(values)))
    return "--values", file, "--kube-version", KUBERNETES


def _helm(*command: object) -> str:
    done = subprocess.run([str(HELM), *map(str, command)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(done.stderr + done.stdout)
    return done.stdout


def of_kind(found: list[Manifest], kind: str) -> list[Manifest]:
    """The objects of a kind."""
    return [each for each in found if each["kind"] == kind]


def named(found: list[Manifest], kind: str, name: str) -> Manifest:
    """The object of that kind and name."""
    return next(each for each in of_kind(found, kind) if each["metadata"]["name"] == name)
