"""Check a Prometheus after a deployment: rules loaded, service scraped, no critical alert firing.

`make watch-check PROMETHEUS=http://127.0.0.1:9090`. Exit codes: 0 no problem, 1 problems, 2 usage error.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

UP = 'up{job="migraine-serving"}'
RULES = Path(__file__).parents[1] / "helm" / "migraine-platform" / "files" / "rules"


def query(prometheus: str, path: str) -> Any:
    """Return the `data` of a response of Prometheus' HTTP API."""
    with urllib.request.urlopen(f"{prometheus.rstrip('/')}/api/v1/{path}", timeout=30) as response:
        return json.load(response)["data"]


def expected_groups() -> set[str]:
    """Return the names of the rule groups of this version."""
    return {group["name"] for path in RULES.glob("*.yaml") for group in yaml.safe_load(path.read_text())["groups"]}


def problems(prometheus: str) -> Iterator[str]:
    """Yield each problem as a line of text."""
    loaded = {group["name"] for group in query(prometheus, "rules")["groups"]}
    if missing := expected_groups() - loaded:
        yield f"rule groups are not loaded: {', '.join(sorted(missing))}"
    targets = query(prometheus, f"query?query={quote(UP)}")["result"]
    if not targets:
        yield 'no target of job "migraine-serving" is scraped'
    for target in targets:
        if target["value"][1] != "1":
            yield f"{target['metric'].get('instance')} does not answer"
    for alert in query(prometheus, "alerts")["alerts"]:
        if alert["state"] == "firing" and alert["labels"].get("severity") == "critical":
            yield f"{alert['labels']['alertname']} fires: {alert['annotations'].get('summary', '')}"


def main() -> int:
    """Print the problems, or that there are none."""
    prometheus = os.environ.get("PROMETHEUS", "")
    if not prometheus:
        print("Name a Prometheus: make watch-check PROMETHEUS=http://127.0.0.1:9090", file=sys.stderr)
        return 2
    try:
        lines = list(problems(prometheus))
    except (OSError, ValueError, KeyError) as error:
        lines = [f"{prometheus} cannot be queried: {error}"]
    print("\n".join(lines) or f"{len(expected_groups())} rule groups loaded, service scraped, no critical alert")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
