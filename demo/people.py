"""The people of the demonstration: the synthetic cohort as it was learned from, and as it became.

Here belong diaries and requests made of them. Not here: the story (`story`).
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from migraine_assets.core.contract import ATTACK, FIELDS, SEVERITY
from migraine_assets.sources.registry import read_source

DAYS = 60
HISTORY = 28
PLAIN = {"participants": 160, "days": DAYS, "enrolment_days": 60, "drift_from": 0.0}
# A cohort is as it was, sleeps less under more stress, or does that and reacts the other way round to its days.
WORLDS: dict[str, dict[str, float]] = {
    "before": {},
    "shifted": {"sleep_change": -2.5, "stress_change": 3.0},
    "turned": {"sleep_change": -2.5, "stress_change": 3.0, "effect_scale": -1.5},
}
_SENT = [field.name for field in FIELDS if field.role != "key"]


@dataclass(frozen=True)
class Asked:
    """One request, and what comes true of it: `attack` is None where nobody knows."""

    body: dict[str, Any]
    attack: bool | None
    severity: float | None


def diary(world: str, seed: int) -> pd.DataFrame:
    """The diary of other people than any other `seed` has, in the world `world`."""
    options = {name: str(value) for name, value in {**PLAIN, **WORLDS[world], "seed": seed}.items()}
    frame = read_source("synthetic", mapping=None, options=options, landing=None).frame
    kept = [field.name for field in FIELDS if field.name in frame.columns]
    return frame[kept].assign(participant_id=world[:1] + str(seed) + "-" + frame["participant_id"].astype(str))


def requests(frame: pd.DataFrame, *, today: dt.date, days: int, seed: int) -> Iterator[Asked]:
    """For each person `days` mornings somewhere in the diary, told as if they were the last ones before `today`.

    Somewhere, because people of a service have kept their diaries for different times, as those of the training have.
    """
    random = np.random.default_rng(seed)
    for name, mine in frame.groupby("participant_id", sort=True):
        entries = _entries(mine)
        last = int(random.integers(min(days, len(entries) - 1), len(entries)))
        for back in range(min(days, last)):
            place = last - 1 - back
            newest = today - dt.timedelta(days=1 + back)
            tomorrow = entries[place + 1]
            known = (tomorrow["day"] - entries[place]["day"]).days == 1 and ATTACK in tomorrow
            yield Asked(
                {"participant_id": str(name), "entries": _told(entries[: place + 1], newest)},
                bool(tomorrow[ATTACK]) if known else None,
                tomorrow.get(SEVERITY) if known else None,
            )


def _entries(mine: pd.DataFrame) -> list[dict[str, Any]]:
    rows = mine.sort_values("date").to_dict("records")
    return [{"day": row["date"].date(), **_said(row)} for row in rows]


def _said(row: dict[Any, Any]) -> dict[str, Any]:
    return {name: _plain(row[name]) for name in _SENT if name in row and pd.notna(row[name])}


def _plain(value: Any) -> Any:
    return value if isinstance(value, str) else float(value)


def _told(entries: list[dict[str, Any]], newest: dt.date) -> list[dict[str, Any]]:
    """The last days up to the newest, moved so that it is `newest`."""
    move = newest - entries[-1]["day"]
    recent = [entry for entry in entries if (entries[-1]["day"] - entry["day"]).days < HISTORY]
    return [
        {"date": (entry["day"] + move).isoformat(), **{k: v for k, v in entry.items() if k != "day"}}
        for entry in recent
    ]
