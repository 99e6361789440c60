"""Participants of the demonstration: the synthetic cohort before and after its world changes.

Here belong their diaries and their requests. Deliveries name the source `synthetic`, so that reports and answers state
that the models were trained on simulated diaries. Not here: the order of events (`demo.story`).
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from migraine_assets.core.contract import ATTACK, FIELDS, SEVERITY
from migraine_assets.sources.registry import read_source

SOURCE = "synthetic"
DAYS = 60
HISTORY = 28
BASE_OPTIONS = {"participants": 160, "days": DAYS, "enrolment_days": 60, "drift_from": 0.0}
# The cohort is unchanged, sleeps less under more stress, or in addition reacts to its triggers the other way round.
WORLDS: dict[str, dict[str, float]] = {
    "before": {},
    "shifted": {"sleep_change": -2.5, "stress_change": 3.0},
    "turned": {"sleep_change": -2.5, "stress_change": 3.0, "effect_scale": -1.5},
}
_REQUEST_FIELDS = [field.name for field in FIELDS if field.role != "key"]


@dataclass(frozen=True)
class Request:
    """The body of one request, and the outcome of the predicted day; `attack` is None if it is unknown."""

    body: dict[str, Any]
    attack: bool | None
    severity: float | None


def delivery(world: str) -> dict[str, Any]:
    """Return the run configuration of `raw_diary` that delivers the participants of training in the given world."""
    return {"source": SOURCE, "options": _options(world, seed=1)}


def delivery_arguments(world: str) -> list[str]:
    """Return the same delivery as arguments of `migraine run`."""
    options = _options(world, seed=1).items()
    return ["--source", SOURCE, *(part for name, value in options for part in ("--option", f"{name}={value}"))]


def diary(world: str, seed: int) -> pd.DataFrame:
    """Return the diary of a cohort in the given world. Different seeds give different participants."""
    frame = read_source(SOURCE, mapping=None, options=_options(world, seed), landing=None).frame
    columns = [field.name for field in FIELDS if field.name in frame.columns]
    return frame[columns].assign(participant_id=world[:1] + str(seed) + "-" + frame["participant_id"].astype(str))


def _options(world: str, seed: int) -> dict[str, str]:
    return {name: str(value) for name, value in {**BASE_OPTIONS, **WORLDS[world], "seed": seed}.items()}


def requests(frame: pd.DataFrame, *, today: dt.date, days: int, seed: int) -> Iterator[Request]:
    """Yield requests for `days` consecutive days of each participant, shifted so that they end before `today`.

    The days start at a random position of the diary: like the participants of the training data, those of a service
    have histories of different lengths.
    """
    random = np.random.default_rng(seed)
    for name, rows in frame.groupby("participant_id", sort=True):
        entries = _entries(rows)
        last = int(random.integers(min(days, len(entries) - 1), len(entries)))
        for back in range(min(days, last)):
            index = last - 1 - back
            newest = today - dt.timedelta(days=1 + back)
            tomorrow = entries[index + 1]
            known = (tomorrow["day"] - entries[index]["day"]).days == 1 and ATTACK in tomorrow
            yield Request(
                {"participant_id": str(name), "entries": _shift(entries[: index + 1], newest)},
                bool(tomorrow[ATTACK]) if known else None,
                tomorrow.get(SEVERITY) if known else None,
            )


def _entries(rows: pd.DataFrame) -> list[dict[str, Any]]:
    records = rows.sort_values("date").to_dict("records")
    return [{"day": record["date"].date(), **_known_fields(record)} for record in records]


def _known_fields(record: dict[Any, Any]) -> dict[str, Any]:
    return {name: _plain(record[name]) for name in _REQUEST_FIELDS if name in record and pd.notna(record[name])}


def _plain(value: Any) -> Any:
    return value if isinstance(value, str) else float(value)


def _shift(entries: list[dict[str, Any]], newest: dt.date) -> list[dict[str, Any]]:
    """Return the days of the look-back, shifted so that the last one is `newest`."""
    offset = newest - entries[-1]["day"]
    recent = [entry for entry in entries if (entries[-1]["day"] - entry["day"]).days < HISTORY]
    return [
        {"date": (entry["day"] + offset).isoformat(), **{name: value for name, value in entry.items() if name != "day"}}
        for entry in recent
    ]
