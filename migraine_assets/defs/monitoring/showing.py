"""What the UI shows of a monitoring result. Not here: the page for people (`report.watching`)."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from migraine_assets.defs.describe import Metadata, table

SHOWN = 12


def found_metadata(content: Mapping[str, Any]) -> Metadata:
    """Status and reasons; of tasks their figures as tables and numbers."""
    tasks = content.get("tasks")
    if tasks is None:
        return {"summary": content["status"], "reasons": _list(content["reasons"])}
    metadata: Metadata = {
        "summary": "; ".join(f"{task}: {said['status']}" for task, said in tasks.items()) or "No model serves.",
        "reasons": _list([f"{task}: {reason}" for task, said in tasks.items() for reason in said["reasons"]]),
    }
    for task, said in tasks.items():
        metadata |= _figures(task, said)
    return metadata


def _figures(task: str, said: Mapping[str, Any]) -> Metadata:
    found: Metadata = {f"{task} rows": said["rows"], f"{task} bundle": said["bundle"]}
    if features := said.get("features"):
        ranked = sorted(features.items(), key=lambda item: -item[1]["score"])
        rows = [(name, item["status"], item["score"], item["missing"]) for name, item in ranked[:SHOWN]]
        found[f"{task} features"] = table(("feature", "status", "score (1 is drift)", "missing"), rows)
        found[f"{task} highest score"] = float(ranked[0][1]["score"])
    if metrics := said.get("metrics"):
        rows = [(name, *figure.values()) for name, figure in metrics.items()]
        found[f"{task} metrics"] = table(("metric", "value", "ci_low", "ci_high"), rows)
        found |= {f"{task} {name}": float(f["value"]) for name, f in metrics.items() if f["value"] is not None}
    return found


def _list(lines: list[str]) -> dg.MarkdownMetadataValue:
    return dg.MetadataValue.md("\n".join(f"- {line}" for line in lines) or "none")
