"""Look at a Prometheus after a deployment: are the rules loaded, is the service scraped, does an alert fire that wakes
somebody? `make watch-check PROMETHEUS=http://127.0.0.1:9090`

Exit codes: 0 all well, 1 something is not, 2 wrong use.
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


def ask(prometheus: str, path: str) -> Any:
    """The `data` of an answer."""
    with urllib.request.urlopen(f"{prometheus.rstrip('/')}/api/v1/{path}", timeout=30) as answer:
        return json.load(answer)["data"]


def groups_wanted() -> set[str]:
    """The groups of rules that this version has."""
    return {group["name"] for path in RULES.glob("*.yaml") for group in yaml.safe_load(path.read_text())["groups"]}


def problems(prometheus: str) -> Iterator[str]:
    """Everything that is not as it should be, a sentence each."""
    loaded = {group["name"] for group in ask(prometheus, "rules")["groups"]}
    if missing := groups_wanted() - loaded:
        yield f"groups of rules are not loaded: {', '.join(sorted(missing))}"
    up = ask(prometheus, f"query?query={quote(UP)}")["result"]
    if not up:
        yield 'no target of job "migraine-serving" is scraped'
    for target in up:
        if target["value"][1] != "1":
            yield f"{target['metric'].get('instance')} does not answer"
    for alert in ask(prometheus, "alerts")["alerts"]:
        if alert["state"] == "firing" and alert["labels"].get("severity") == "critical":
            yield f"{alert['labels']['alertname']} fires: {alert['annotations'].get('summary', '')}"


def main() -> int:
    """Print what was found."""
    prometheus = os.environ.get("PROMETHEUS", "")
    if not prometheus:
        print("Name a Prometheus: make watch-check PROMETHEUS=http://127.0.0.1:9090", file=sys.stderr)
        return 2
    try:
        found = list(problems(prometheus))
    except (OSError, ValueError, KeyError) as error:
        found = [f"{prometheus} cannot be asked: {error}"]
    print("\n".join(found) or f"{len(groups_wanted())} groups of rules, the service scraped, nothing critical fires")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
