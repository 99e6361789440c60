"""The monitoring as a page: trends over the days, what moved, how sure that is, and what was done.

Here belong the page's content and its file. Not here: finding it (`defs.monitoring`), the words of a verdict (`core`).
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migraine_assets.report.page import environment
from migraine_assets.stores.monitoring.decisions import Recorded, decisions
from migraine_assets.stores.monitoring.results import Kind, read_result, result_days
from migraine_assets.stores.registry.promotion_history import history
from migraine_assets.stores.store import Store

FOLDER = "monitoring"
DAYS = 60
WIDTH, HEIGHT, MARGIN = 560.0, 120.0, 34.0
STATUS = {
    "too little data": "too little data",
    "none": "as it was",
    "suspected": "suspected",
    "drift": "drift",
    "degraded": "degraded",
}


@dataclass(frozen=True)
class Facts:
    """What the foot of the page says."""

    run_id: str
    created: str


@dataclass(frozen=True)
class Trend:
    """One figure over the days: `points` of (day, value); `limit` is drawn as a line."""

    title: str
    points: tuple[tuple[dt.date, float], ...]
    limit: float | None
    alt: str

    @property
    def line(self) -> str:
        """The points of an SVG polyline."""
        return " ".join(f"{self._x(day):.1f},{self._y(value):.1f}" for day, value in self.points)

    @property
    def dots(self) -> list[tuple[float, float]]:
        """Where each point lies."""
        return [(self._x(day), self._y(value)) for day, value in self.points]

    @property
    def limit_y(self) -> float:
        """Where the limit's line lies."""
        return self._y(self.limit or 0.0)

    @property
    def ends(self) -> tuple[float, float]:
        """Lowest and highest value of the axis."""
        values = [value for _, value in self.points] + ([self.limit] if self.limit is not None else [])
        low, high = min(values), max(values)
        wide = 0.05 * abs(low) or 0.5
        return (low, high) if high > low else (low - wide, high + wide)

    @property
    def labels(self) -> tuple[str, str]:
        """The ends, to be read."""
        low, high = (f"{end:,.0f}" if abs(end) >= 100 else f"{end:.3g}" for end in self.ends)
        return low, high

    def _x(self, day: dt.date) -> float:
        first, last = self.points[0][0], self.points[-1][0]
        share = (day - first).days / max(1, (last - first).days)
        return MARGIN + share * (WIDTH - 2 * MARGIN)

    def _y(self, value: float) -> float:
        low, high = self.ends
        return HEIGHT - 18 - (value - low) / (high - low) * (HEIGHT - 42)


def write_watch(reports: Path, store: Store, day: dt.date, *, run: str, now: dt.datetime) -> Path:
    """Write the page of `day`, and the same as the latest where no newer day was found. The page's path."""
    folder = reports / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    content = page(store, day, run=run, now=now)
    newest = max(result_days(store, "drift"), default=day)
    for name in (f"{day}.html", *(["latest.html"] if day >= newest else [])):
        temporary = folder / f".{name}.new"
        temporary.write_bytes(content)
        temporary.replace(folder / name)
    return folder / f"{day}.html"


def page(store: Store, day: dt.date, *, run: str, now: dt.datetime) -> bytes:
    """The page of `day` as HTML that loads nothing."""
    first = day - dt.timedelta(days=DAYS)
    found: dict[Kind, dict[dt.date, dict[str, Any]]] = {
        kind: _results(store, kind, first, day) for kind in ("drift", "realised", "estimated", "quality")
    }
    return (
        environment()
        .get_template("monitoring.html")
        .render(
            facts=Facts(run, now.isoformat(timespec="seconds")),
            day=day,
            verdicts=list(_verdicts(found, day)),
            moved=list(_moved(found["drift"].get(day, {}))),
            trends=list(_trends(found)),
            held=_held(found["realised"].get(day, {})),
            done=_done(store, first, day),
            size=(WIDTH, HEIGHT, MARGIN),
        )
        .encode()
    )


def _results(store: Store, kind: Kind, first: dt.date, last: dt.date) -> dict[dt.date, dict[str, Any]]:
    days = [found for found in result_days(store, kind) if first <= found <= last]
    return {found: read_result(store, kind, found) or {} for found in days}


_TITLES: Mapping[Kind, str] = {
    "drift": "Inputs and scores",
    "realised": "Performance, realised",
    "estimated": "Performance, estimated",
    "quality": "Quality of the day",
}


def _verdicts(found: Mapping[Kind, Mapping[dt.date, Mapping[str, Any]]], day: dt.date) -> Iterator[dict[str, Any]]:
    for kind, title in _TITLES.items():
        content = found[kind].get(day)
        if content is None:
            yield {"title": title, "task": "", "status": "not looked at", "reasons": [], "since": None, "rows": None}
            continue
        for task, said in content.get("tasks", {"": content}).items():
            yield {
                "title": title,
                "task": task,
                "status": STATUS[said["status"]],
                "alarms": said["status"] in ("drift", "degraded"),
                "reasons": said["reasons"][:6],
                "since": said.get("since"),
                "rows": said.get("rows"),
            }


def _moved(content: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The features nearest to drift, each with the smallest change that the window could have seen."""
    for task, said in (content.get("tasks") or {}).items():
        ranked = sorted((said.get("features") or {}).items(), key=lambda item: -item[1]["score"])
        for name, item in ranked[:10]:
            yield {"task": task, "name": name, **item}


def _trends(found: Mapping[Kind, Mapping[dt.date, Mapping[str, Any]]]) -> Iterator[Trend]:
    yield from _trend("highest drift score (1 is drift)", _series(found["drift"], "attack", _highest), 1.0)
    kinds: tuple[Kind, ...] = ("realised", "estimated")
    for kind in kinds:
        area = _series(found[kind], "attack", lambda said: _value(said, "roc_auc"))
        yield from _trend(f"attack: ROC-AUC, {kind}", area, None)
    error = _series(found["realised"], "severity", lambda said: _value(said, "rmse"))
    yield from _trend("severity: RMSE, realised", error, None)
    rows = [(day, float(said["rows"])) for day, said in found["quality"].items()]
    yield from _trend("predictions a day", rows, None)


def _series(content: Mapping[dt.date, Mapping[str, Any]], task: str, of: Any) -> list[tuple[dt.date, float]]:
    values = [(day, of((said.get("tasks") or {}).get(task) or {})) for day, said in sorted(content.items())]
    return [(day, value) for day, value in values if value is not None]


def _highest(said: Mapping[str, Any]) -> float | None:
    return max((item["score"] for item in (said.get("features") or {}).values()), default=None)


def _value(said: Mapping[str, Any], metric: str) -> float | None:
    return ((said.get("metrics") or {}).get(metric) or {}).get("value")


def _trend(title: str, points: Sequence[tuple[dt.date, float]], limit: float | None) -> Iterator[Trend]:
    if points:
        (first, start), (last, end) = points[0], points[-1]
        yield Trend(title, tuple(points), limit, f"{title}: {start:.3g} on {first}, {end:.3g} on {last}.")


def _held(content: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    held = ((content.get("tasks") or {}).get("attack") or {}).get("held") or {}
    return list(held.items())


def _done(store: Store, first: dt.date, last: dt.date) -> list[tuple[str, str, str]]:
    """What automation decided and what became of it, newest first: when, what, why."""
    decided = [_said(decision) for decision in decisions(store, since=first)]
    promoted = [
        (
            entry.record.when,
            f"{entry.record.what} {entry.record.task} {entry.record.to_champion[:12]}",
            " ".join(entry.record.why),
        )
        for entry in history(store)
    ]
    # The day after the last is its night.
    kept = [row for row in (*decided, *promoted) if first.isoformat() <= row[0][:10] <= last.isoformat()]
    return sorted(kept, reverse=True)[:40]


def _said(decision: Recorded) -> tuple[str, str, str]:
    what = f"{decision.sensor}: {'acted' if decision.acted else 'did not act'}, {decision.about}"
    return decision.when.isoformat(timespec="seconds"), what, " ".join(decision.reasons)
