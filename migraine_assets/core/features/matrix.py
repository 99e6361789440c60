"""From a preprocessed diary to the table that models learn from: keys, subgroups, inputs, targets.

Here belongs the layout of that table. Not here: what a feature or a label is (`core.features.engine`,
`core.features.labels`), and which rows one task takes of it (`core.evaluation.datasets`).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migraine_assets.core.contract import ATTACK, PROVENANCE, SEVERITY
from migraine_assets.core.features import engine, labels
from migraine_assets.core.features.diary import Diary
from migraine_assets.core.features.from_frame import diary_from_frame

# The subgroups of the report, kept apart from the inputs of the same name.
GROUPS = {"age": "group_age", "sex": "group_sex", "migraine_type": "group_migraine_type"}
TARGETS = ("target_attack", "target_severity")


@dataclass(frozen=True)
class FeatureRows:
    """One row for each of the n diary days, in the diary's order.

    `frame`: participant_id, date, provenance, subgroups, the columns `names` (float32) and both targets (float64, NaN
    where unknown). `severity_kind` is "severity", "burden", or None where there is neither.
    """

    frame: pd.DataFrame
    names: tuple[str, ...]
    severity_kind: str | None


def feature_rows(frame: pd.DataFrame, *, horizon: int) -> FeatureRows:
    """The table of a preprocessed diary (sorted by participant, then date)."""
    diary = diary_from_frame(frame)
    names = engine.available(diary)
    inputs = engine.compute(diary, horizon=horizon)
    if len(names) < inputs.shape[1]:
        inputs = inputs[:, engine.select(names)]
    kind, targets = _targets(frame, diary, horizon=horizon)
    # Columns are put beside the inputs, which are 300 MB for a million days and not to be copied.
    whole = pd.DataFrame(inputs, columns=list(names), copy=False)
    for place, name in enumerate(("participant_id", "date", *PROVENANCE, *GROUPS)):
        whole.insert(place, GROUPS.get(name, name), frame[name].array)
    whole[list(TARGETS)] = targets
    return FeatureRows(whole, names, kind)


def days_of(frame: pd.DataFrame, *, dated: bool) -> NDArray[np.int64]:
    """Days since 1970-01-01, int64[n]; 0 for an undated diary."""
    if not dated:
        return np.zeros(len(frame), dtype=np.int64)
    days: NDArray[np.int64] = frame["date"].to_numpy("datetime64[D]").astype(np.int64)
    return days


def _targets(frame: pd.DataFrame, diary: Diary, *, horizon: int) -> tuple[str | None, pd.DataFrame]:
    attack = labels.attack_label(diary, horizon)
    kind: str | None = "severity"
    severity = labels.severity_label(diary, horizon)
    if frame[SEVERITY].isna().all():
        kind = "burden" if diary.dated and frame[ATTACK].notna().any() else None
        severity = labels.burden_label(diary) if kind else np.full(len(frame), np.nan)
    return kind, pd.DataFrame(dict(zip(TARGETS, (attack, severity), strict=True)))
