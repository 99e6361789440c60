"""Diary frames for tests: a valid one to modify by hand, and Hypothesis strategies derived from the contract."""

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest

from migraine_assets.core.contract import FIELDS, Field

TODAY = datetime.date(2024, 6, 30)

_SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"


def raw_frame(rows: Sequence[Mapping[str, Any]] | pd.DataFrame) -> pd.DataFrame:
    """Return a raw frame with these cells; all others are null. The file is a.csv; the first row is its second line."""
    frame, size = pd.DataFrame(rows), len(rows)
    columns = {field.name: _column(field, frame.get(field.name), size) for field in FIELDS}
    columns["source_file"] = pd.Series(frame.get("source_file", ["a.csv"] * size), dtype=object)
    columns["source_row"] = pd.Series(frame.get("source_row", np.arange(size) + 2), dtype="int64")
    for note in ("unreadable", "superseded", "nulled"):
        columns[note] = pd.Series(frame.get(note, [None] * size), dtype=object).where(lambda c: c.notna(), None)
    return pd.DataFrame(columns)


def _column(field: Field, cells: "pd.Series[Any] | None", size: int) -> "pd.Series[Any]":
    if cells is None:
        cells = pd.Series([None] * size, dtype=object)
    if field.kind == "date":
        return pd.to_datetime(cells).astype("datetime64[ns]")
    if field.kind in ("number", "flag"):
        return cells.astype("float64")
    return cells.astype(object).where(cells.notna(), None)


def good_days(participants: int = 8, days: int = 20) -> pd.DataFrame:
    """Return a valid raw diary: every third day of each participant has an attack with severity and duration."""
    return raw_frame([_good_day(person, day) for person in range(participants) for day in range(days)])


def _good_day(person: int, day: int) -> dict[str, Any]:
    attack = (person + day) % 3 == 0
    return {
        "participant_id": f"p{person:02d}",
        "date": datetime.date(2024, 1, 1) + datetime.timedelta(days=day),
        "age": 30 + person,
        "sex": "F" if person % 4 else "M",
        "migraine_type": "no_aura" if person % 2 else "aura",
        "sleep_hours": 6 + (day % 5) / 2,
        "stress_level": 1 + (3 * day + person) % 10,
        "missed_meals": day % 2,
        "migraine_occurrence": float(attack),
        "migraine_severity": 5.0 + day % 3 if attack else None,
        "duration_h": 8.0 if attack else None,
    }


def _cell(field: Field) -> st.SearchStrategy[Any]:
    if field.kind == "category":
        return st.sampled_from([*field.categories, None, "Other"])
    if field.kind == "flag":
        return st.sampled_from([0.0, 1.0, None, 0.5])
    low, high = field.low or 0.0, field.high or 500.0
    edges = [low, high, low - 1, high + 1, None, np.inf]
    return st.one_of(st.floats(low, high, width=32), st.floats(low, high, width=32), st.sampled_from(edges))


def _row(fields: Sequence[Field], *, dated: bool) -> st.SearchStrategy[dict[str, Any]]:
    day = st.dates(datetime.date(2024, 6, 1), datetime.date(2024, 6, 4))
    invalid = st.sampled_from([None, datetime.date(1900, 1, 1), datetime.date(2100, 1, 1)])
    keys = {
        "participant_id": st.sampled_from(["a", "b", "b", "c", None]),
        "date": st.one_of(day, day, day, invalid) if dated else st.none(),
        "unreadable": st.sampled_from([None, None, None, "age='old' is not a number"]),
    }
    return st.fixed_dictionaries(keys | {field.name: _cell(field) for field in fields})


@st.composite
def raw_frames(draw: st.DrawFn) -> pd.DataFrame:
    """Draw raw frames of few participants and days, with arbitrary values of a few fields, in or out of bounds."""
    others = [field for field in FIELDS if field.role != "key"]
    outcomes = [field for field in others if field.role == "outcome"]
    fields = draw(st.lists(st.sampled_from(others), max_size=4, unique=True))
    dated = draw(st.booleans())
    chosen = list({field.name: field for field in [*fields, *outcomes]}.values())
    return raw_frame(draw(st.lists(_row(chosen, dated=dated), max_size=12)))


def _shared(name: str) -> pd.DataFrame:
    path = _SHARED / name
    if not path.exists():
        pytest.skip(f"{name} is not beside the checkout")
    return pd.read_csv(path)


def kostecki_dillon() -> pd.DataFrame:
    """Return the diary of 133 patients as a raw frame, or skip the test if the file is absent."""
    file = _shared("kostecki_dillon.csv")
    kinds = {"Aura": "aura", "No Aura": "no_aura", "Mixed": "mixed"}
    columns = {
        "participant_id": file["id"].astype(str),
        "date": pd.Timestamp("2000-01-01") + pd.to_timedelta(file["dos"], unit="D"),
        "age": file["age"],
        "sex": file["sex"].map({"female": "F", "male": "M"}),
        "migraine_type": file["hatype"].map(kinds),
        "air_quality": file["airq"],
        "medication": (file["medication"] != "none").astype(float),
        "migraine_occurrence": (file["headache"] == "yes").astype(float),
    }
    return raw_frame(pd.DataFrame(columns))


def park(severity: str = "intensity_index") -> pd.DataFrame:
    """Return the undated diary of 63 participants as a raw frame, or skip the test if the file is absent."""
    file = _shared("park2016_diary.csv")
    attack = (file["headache"] == 1) | (file["migraine"] == 1)
    columns = {
        "participant_id": file["Patient"].astype(str),
        "missed_meals": file["irregular_meals"],
        "loud_noises": file["noise"],
        "strong_smells": file["odors"],
        "menstrual_cycle": file["menstruation"],
        "migraine_occurrence": attack.astype(float),
        "migraine_severity": file[severity].where(attack),
    }
    return raw_frame(pd.DataFrame(columns))
