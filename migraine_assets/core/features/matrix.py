"""The table that models learn from, computed from a preprocessed diary: keys, subgroups, inputs and targets.

Not here: features and labels themselves (`core.features.engine`, `core.features.labels`), the rows that a task uses
(`core.evaluation.datasets`).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migraine_assets.core.contract import ATTACK, CONTRACT, PROVENANCE, SEVERITY, Contract
from migraine_assets.core.diary.columns import encoded, numbers
from migraine_assets.core.features import engine, labels
from migraine_assets.core.features.diary import Diary
from migraine_assets.core.features.from_frame import diary_from_frame
from migraine_assets.core.features.known_ahead import with_known_ahead
from migraine_assets.core.features.outcome import AttackDefinition, OutcomeDefinition
from migraine_assets.core.features.plan import FeaturePlan
from migraine_assets.core.features.table import default_plan

# Columns of the subgroups in reports. They are separate from the inputs with the same names.
GROUPS = {"age": "group_age", "sex": "group_sex", "migraine_type": "group_migraine_type"}
TARGETS = ("target_attack", "target_severity")


@dataclass(frozen=True)
class FeatureRows:
    """One row for each of the n diary days, in the diary's order.

    `frame`: participant_id, date, provenance, subgroups, the inputs `names` (float32) and both targets (float64, NaN if
    unknown). `severity_kind`: "severity", "burden", or None if the diary has neither.
    """

    frame: pd.DataFrame
    names: tuple[str, ...]
    severity_kind: str | None


def feature_rows(
    frame: pd.DataFrame,
    *,
    horizon: int,
    plan: FeaturePlan | None = None,
    outcome: OutcomeDefinition = labels.PLAIN,
) -> FeatureRows:
    """Return the table for a preprocessed diary, which is sorted by participant and date.

    `plan` defaults to that of `core.features.table`.
    """
    plan = plan or default_plan()
    fields = plan.recipe.contract
    diary = with_known_ahead(diary_from_frame(frame, contract=fields), fields, horizon)
    names = engine.available(diary, plan=plan)
    inputs = engine.compute(diary, horizon=horizon, plan=plan)
    if len(names) < inputs.shape[1]:
        inputs = inputs[:, engine.select(names, plan=plan)]
    kind, targets = _targets(frame, diary, horizon=horizon, outcome=outcome, fields=fields)
    # Insert the other columns into the frame of inputs, so that the inputs (300 MB for a million days) are not copied.
    table = pd.DataFrame(inputs, columns=list(names), copy=False)
    for position, name in enumerate(("participant_id", "date", *PROVENANCE, *GROUPS)):
        table.insert(position, GROUPS.get(name, name), frame[name].array)
    table[list(TARGETS)] = targets
    return FeatureRows(table, names, kind)


def days_of(frame: pd.DataFrame, *, dated: bool) -> NDArray[np.int64]:
    """Return the days since 1970-01-01, int64[n]; all 0 for an undated diary."""
    if not dated:
        return np.zeros(len(frame), dtype=np.int64)
    days: NDArray[np.int64] = frame["date"].to_numpy("datetime64[D]").astype(np.int64)
    return days


def outcome_of_rows(
    frame: pd.DataFrame, definition: AttackDefinition, *, contract: Contract = CONTRACT
) -> NDArray[np.float64]:
    """Return whether each row of `frame` alone is an attack day by `definition`: float64[n], NaN if unknown.

    The rows may be raw. `free_days`, which concern other rows, are not considered. The result must not be modified.
    """
    quantity = definition.quantity(contract)
    if quantity is None:
        return numbers(frame, ATTACK)
    fields = {field.column: field for field in contract.fields}
    return quantity.function()(lambda column: encoded(frame[fields[column].name], fields[column]))


def attack_days_of(
    frame: pd.DataFrame, definition: AttackDefinition, *, contract: Contract = CONTRACT
) -> NDArray[np.float64]:
    """Return whether each row of `frame` is an attack day by `definition`: float64[n] of 0, 1 or NaN.

    The rows may be unsorted and repeated, as before preprocessing. With `free_days`, the value is known only on
    days after that number of known days without an attack. The result must not be modified.
    """
    if definition == AttackDefinition():
        return numbers(frame, ATTACK)
    keys = ["participant_id", "date"]
    dated = frame["date"].notna().any()
    ordered = frame.sort_values(keys, kind="stable") if dated else frame.sort_values(keys[:1], kind="stable")
    unique = ordered[~ordered.duplicated(keys)] if dated else ordered
    diary = diary_from_frame(unique, contract=contract)
    values = pd.Series(
        labels.attack_label(diary, 0, OutcomeDefinition(definition), fields=contract), index=unique.index
    )
    return np.asarray(values.reindex(frame.index), dtype=np.float64)


def _targets(
    frame: pd.DataFrame, diary: Diary, *, horizon: int, outcome: OutcomeDefinition, fields: Contract
) -> tuple[str | None, pd.DataFrame]:
    attack = labels.attack_label(diary, horizon, outcome, fields=fields)
    kind: str | None = "severity"
    if frame[SEVERITY].isna().all():
        kind = "burden" if diary.dated and frame[ATTACK].notna().any() else None
        severity = labels.burden_label(diary, outcome.attack, fields=fields) if kind else np.full(len(frame), np.nan)
    else:
        severity = labels.severity_label(diary, horizon, outcome, fields=fields)
    return kind, pd.DataFrame(dict(zip(TARGETS, (attack, severity), strict=True)))
