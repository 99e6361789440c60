"""Deliberate corruption of rows, each in a way that validation must detect, for tests and demonstrations.

Faults that Parquet cannot represent, such as text in a numeric cell, are not included.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migraine_assets.core.contract import ATTACK, CONTRACT, SEVERITY, Contract, Field
from migraine_assets.sources.cohort.custom_fields import custom_fields
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


def faults(contract: Contract = CONTRACT) -> tuple[Fault, ...]:
    """Return the faults of a diary with the fields of `contract`: those above, and one for each custom field."""
    return (*FAULTS, *(fault for field in custom_fields(contract) if (fault := _of_custom(field)) is not None))


def _of_custom(field: Field) -> Fault | None:
    name = f"custom field {field.name}"
    if field.kind == "flag":
        return Fault(name, {field.name: 2.0})
    if field.kind == "category":
        return Fault(name, {field.name: "no such category"})
    if field.high is not None:
        return Fault(name, {field.name: field.high + 1.0})
    return None if field.low is None else Fault(name, {field.name: field.low - 1.0})


def corrupt(
    frame: pd.DataFrame, *, share: float, seed: int, contract: Contract = CONTRACT
) -> tuple[pd.DataFrame, NDArray[np.object_]]:
    """Corrupt about `share` of the rows, cycling through the faults; return them and each row's fault (None if clean).

    A duplicate is inserted right after the row that it repeats and has the name of the fault. Apart from duplicates,
    the rows keep the order of `frame`.
    """
    known = faults(contract)
    chosen = stream(seed, "dirt").permutation(len(frame))[: round(share * len(frame))]
    fault = np.full(len(frame), None, dtype=object)
    fault[chosen] = np.array([known[turn % len(known)].name for turn in range(len(chosen))], dtype=object)
    repeats = np.isin(fault, [one.name for one in known if one.repeats])
    source = np.repeat(np.arange(len(frame)), 1 + repeats)
    copy = np.append(False, source[1:] == source[:-1])
    corrupted, names = frame.take(source).reset_index(drop=True), fault[source]
    names[np.append(copy[1:], False)] = None  # the repeated row itself is clean
    return _apply(corrupted, names, known), names


def _apply(frame: pd.DataFrame, names: NDArray[np.object_], known: Sequence[Fault]) -> pd.DataFrame:
    for fault in known:
        for column, value in fault.values.items():
            frame.loc[names == fault.name, column] = value
    return frame
