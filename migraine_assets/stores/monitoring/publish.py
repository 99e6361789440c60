"""The newest results as the figures that the service shows at `/metrics`.

Here belongs which result becomes which figure. Not here: the file's form (`stores.monitoring.gauges`), its metrics
(`serving`).
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from migraine_assets.stores.monitoring.gauges import PATH, Figures, read_figures
from migraine_assets.stores.monitoring.results import latest, read_result, result_days
from migraine_assets.stores.store import Store


def publish(store: Store) -> Figures:
    """Write the figures of the newest results. The number of drift events never goes back."""
    before = read_figures(store) or Figures()
    found = Figures(
        model_accuracy=_accuracy(store),
        drift_score=_scores(store),
        drift_detected_total=max(before.drift_detected_total, _events(store)),
    )
    if found != before:
        store.write(PATH, msgspec.json.encode(found))
    return found


def _accuracy(store: Store) -> dict[str, float]:
    """By algorithm: as realised; where outcomes are not known yet, as estimated."""
    found: dict[str, float] = {}
    for kind in ("estimated", "realised"):
        _, content = latest(store, kind) or (None, {})
        for said in (content.get("tasks") or {}).values():
            value = ((said.get("metrics") or {}).get("accuracy") or {}).get("value")
            if value is not None:
                found[said["algorithm"]] = float(value)
    return found


def _scores(store: Store) -> dict[str, float]:
    """By feature the larger of both tasks: 1 and more is drift."""
    _, content = latest(store, "drift") or (None, {})
    found: dict[str, float] = {}
    for task, said in (content.get("tasks") or {}).items():
        for name, feature in (said.get("features") or {}).items():
            label = f"{task}_score" if name == "score" else name
            found[label] = max(found.get(label, 0.0), float(feature["score"]))
    return found


def _events(store: Store) -> int:
    """How often a task began to drift, over all days: the same drift seen on many days is one."""
    events, before = 0, dict[str, Mapping[str, Any]]()
    for day in result_days(store, "drift"):
        for task, said in ((read_result(store, "drift", day) or {}).get("tasks") or {}).items():
            if said.get("status") == "too little data":
                continue
            last = before.get(task, {})
            same = last.get("status") == "drift" and last.get("bundle") == said.get("bundle")
            events += said.get("status") == "drift" and not same
            before[task] = said
    return events
