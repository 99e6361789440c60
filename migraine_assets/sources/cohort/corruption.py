"""Deliberate corruption of rows, each in a way that validation must detect, for tests and demonstrations.

Faults that Parquet cannot represent, such as text in a numeric cell, are not included.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migraine_assets.core.contract import ATTACK, SEVERITY
from migraine_assets.sources.cohort.rng import stream


@dataclass(frozen=True)
class Fault:
    """One way to corrupt a row: values that replace its own or, if `repeats`, the values of a copy added after it."""

    name: str
    values: Mapping[str, Any]
    repeats: bool = False


FAULTS: tuple[Fault, ...] = (
    Fault("value out of bounds", {"sleep_hours": 31.0}),
    Fault("impossible age", {"age": 460.0}),
    Fault("unknown category", {"sex": "X"}),
    Fault("flag that is neither 0 nor 1", {"missed_meals": 2.0}),
    Fault("no participant", {"participant_id": None}),
    Fault("no date", {"date": pd.NaT}),
    Fault("date long past", {"date": pd.Timestamp("1900-01-01")}),
    Fault("date in the future", {"date": pd.Timestamp("2100-01-01")}),
    Fault("severity without an attack", {ATTACK: 0.0, SEVERITY: 6.0}),
    Fault("duration without an attack", {ATTACK: 0.0, SEVERITY: np.nan, "duration_h": 5.0}),
    Fault("identical duplicate", {}, repeats=True),
    # Larger than any value of the cohort, so the copy always differs.
    Fault("conflicting duplicate", {"hydration": 9.7}, repeats=True),
)


def corrupt(frame: pd.DataFrame, *, share: float, seed: int) -> tuple[pd.DataFrame, NDArray[np.object_]]:
    """Corrupt about `share` of the rows, cycling through the faults; return them and each row's fault (None if clean).

    A duplicate is inserted right after the row that it repeats and has the name of the fault. Apart from duplicates,
    the rows keep the order of `frame`.
    """
    chosen = stream(seed, "dirt").permutation(len(frame))[: round(share * len(frame))]
    fault = np.full(len(frame), None, dtype=object)
    fault[chosen] = np.array([FAULTS[turn % len(FAULTS)].name for turn in range(len(chosen))], dtype=object)
    repeats = np.isin(fault, [one.name for one in FAULTS if one.repeats])
    source = np.repeat(np.arange(len(frame)), 1 + repeats)
    copy = np.append(False, source[1:] == source[:-1])
    corrupted, names = frame.take(source).reset_index(drop=True), fault[source]
    names[np.append(copy[1:], False)] = None  # the repeated row itself is clean
    return _apply(corrupted, names), names


def _apply(frame: pd.DataFrame, names: NDArray[np.object_]) -> pd.DataFrame:
    for fault in FAULTS:
        for column, value in fault.values.items():
            frame.loc[names == fault.name, column] = value
    return frame
