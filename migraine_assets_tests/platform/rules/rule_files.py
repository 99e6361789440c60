"""The chart's rule files and Prometheus' tools, for tests."""

import re
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
FILES = ROOT / "helm/migraine-platform/files"
RULES = sorted((FILES / "rules").glob("*.yaml"))
ALERTMANAGER = FILES / "alertmanager.yaml"
CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
RUNBOOKS = ROOT / "docs/runbooks.md"
# Tested in test_drift_alerts.py, with series of real monitoring results.
MONITORED = ("MigraineDriftDetected", "MigraineFeatureShifted")
METRIC = re.compile(r"\bmigraine[_:][a-z0-9_:]+")


@dataclass(frozen=True)
class Rule:
    """An alert or a recording rule."""

    name: str
    expr: str
    alert: bool
    content: dict[str, Any]


@cache
def rules() -> tuple[Rule, ...]:
    """Return every rule of every file."""
    groups = (group for file in RULES for group in yaml.safe_load(file.read_text())["groups"])
    return tuple(
        Rule(rule.get("alert") or rule["record"], rule["expr"], "alert" in rule, rule)
        for group in groups
        for rule in group["rules"]
    )


def alerts() -> tuple[Rule, ...]:
    """Return the alerts without the recording rules."""
    return tuple(rule for rule in rules() if rule.alert)


def tool(*names: str) -> str:
    """Return the path of the first installed program; skips the test if none is installed."""
    for name in names:
        if path := shutil.which(name):
            return path
    pytest.skip(f"{names[0]} is not installed (Debian: apt-get install prometheus prometheus-alertmanager)")
