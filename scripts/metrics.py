"""Write the tables of metrics and alert rules into docs/monitoring.md, or into the copy given as argument."""

import sys
from pathlib import Path
from typing import Any

import yaml
from reference_tables import markdown_table, replace_section

from serving.metrics import names
from serving.metrics.names import MetricName

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs/monitoring.md"
SUFFIX = {"counter": "_total", "gauge": "", "histogram": "_bucket"}


def metrics() -> str:
    """Return the table of the service's metrics."""
    table = [metric for metric in vars(names).values() if isinstance(metric, MetricName)]
    rows = [
        (f"`{m.name}{SUFFIX[m.kind]}`", m.kind, ", ".join(f"`{label}`" for label in m.labels), m.help) for m in table
    ]
    return markdown_table(("metric", "kind", "labels", "meaning"), rows)


def alerts() -> str:
    """Return the table of the chart's alert rules, by file."""
    files = sorted((ROOT / "helm/migraine-platform/files/rules").glob("*.yaml"))
    groups = (group for file in files for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"])
    rules: list[dict[str, Any]] = [rule for group in groups for rule in group["rules"] if "alert" in rule]
    rows = [
        (f"[{r['alert']}](runbooks.md#{r['alert'].lower()})", r["labels"]["severity"], r.get("for", "at once"),
         r["annotations"]["summary"])
        for r in rules
    ]  # fmt: skip
    return markdown_table(("alert", "severity", "after", "summary"), rows)


if __name__ == "__main__":
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else DOCUMENT
    text = replace_section(path.read_text(encoding="utf-8"), "metrics", metrics())
    path.write_text(replace_section(text, "alerts", alerts()), encoding="utf-8")
