"""Rows broken on purpose, each in a way that validation must catch, for tests and demonstrations.

A fault that Parquet cannot hold (text in a number's cell) is not among them.
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
    """One way to break a row: values that replace its own or, where `repeats`, those of a copy after it."""

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
    # More than anybody of the cohort drinks, so that it always differs.
    Fault("conflicting duplicate", {"hydration": 9.7}, repeats=True),
)


def soil(frame: pd.DataFrame, *, share: float, seed: int) -> tuple[pd.DataFrame, NDArray[np.object_]]:
    """`frame` with about `share` of its rows broken, the faults in turn, and each row's fault (None where
    clean).

    The copies that duplicates add stand right after the row that they repeat and carry the fault's name, so
    that without them the rows are those of `frame` in its order.
    """
    chosen = stream(seed, "dirt").permutation(len(frame))[: round(share * len(frame))]
    fault = np.full(len(frame), None, dtype=object)
    fault[chosen] = np.array([FAULTS[turn % len(FAULTS)].name for turn in range(len(chosen))], dtype=object)
    repeats = np.isin(fault, [one.name for one in FAULTS if one.repeats])
    source = np.repeat(np.arange(len(frame)), 1 + repeats)
    copy = np.append(False, source[1:] == source[:-1])
    soiled, names = frame.take(source).reset_index(drop=True), fault[source]
    names[np.append(copy[1:], False)] = None  # the row that is repeated is itself clean
    return _break(soiled, names), names


def _break(frame: pd.DataFrame, names: NDArray[np.object_]) -> pd.DataFrame:
    for fault in FAULTS:
        for column, value in fault.values.items():
            frame.loc[names == fault.name, column] = value
    return frame
