"""Joining of predictions with their outcomes from feedback and from later diaries; the latest report counts.

An outcome belongs to a participant and a day, so it applies to every prediction for that day. A prediction without a
participant can only be identified by its id. The column `key` has one or the other.

Diaries report days, from which the label of a prediction is computed by its model's definition of the outcome. Feedback
reports the outcome of one prediction; only a limit on the severity is applied to it.

Not here: reading predictions and outcomes (`stores.monitoring`), metrics (`core.monitoring.performance`).
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from migraine_assets.core.contract import ATTACK, CONTRACT, SEVERITY, Contract
from migraine_assets.core.features.diary import Diary
from migraine_assets.core.features.labels import attack_days, attack_label, severity_label
from migraine_assets.core.features.outcome import OutcomeDefinition

_COLUMNS = ["key", "time", "attack", "severity"]


@dataclass(frozen=True)
class Predicted:
    """The outcome that was predicted, and the number of days ahead. `fields`: the contract of the model."""

    outcome: OutcomeDefinition = field(default_factory=OutcomeDefinition)
    horizon: int = 1
    fields: Contract = CONTRACT


@dataclass(frozen=True)
class JoinedOutcomes:
    """Predictions with the columns `attack` (0, 1, or NaN if not known yet) and `severity`.

    `contradictions`: number of keys with contradicting reports.
    """

    predictions: pd.DataFrame
    contradictions: int


def outcome_key(frame: pd.DataFrame) -> pd.Series:
    """Return the key of each row from its columns `id`, `participant` (null if unknown) and `for_date`."""
    known = frame["participant"].notna() & frame["for_date"].notna()
    day = frame["participant"].astype("object").astype(str) + "|" + frame["for_date"].astype("object").astype(str)
    return day.where(known, "id:" + frame["id"].astype(str))


def latest_predictions(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the last prediction of each key and task, since a repeated request is not another observation."""
    ordered = predictions.assign(key=outcome_key(predictions)).sort_values(["time", "id"], kind="stable")
    return ordered.drop_duplicates(["key", "task"], keep="last").reset_index(drop=True)


def join_outcomes(
    predictions: pd.DataFrame,
    *,
    every: pd.DataFrame,
    feedback: pd.DataFrame,
    diary: pd.DataFrame,
    predicted: Predicted | None = None,
) -> JoinedOutcomes:
    """Join `predictions` (with `key`) with their outcomes.

    `every`: all predictions with `id`, `participant`, `for_date`, which determine the key of feedback. `feedback`:
    `id`, `time`, `attack`, `severity`. `diary`: `participant` (pseudonym), `for_date`, `time` (of the delivery),
    `attack`, `severity` and, if another field defines an attack, `field` (its name) and `value` (its number).
    `predicted` defaults to the outcome of the contract on the next day.
    """
    predicted = predicted or Predicted()
    if not predicted.outcome.default:
        feedback, diary = _limited(feedback, predicted), _labels(diary, predicted)
    reports = pd.concat([_from_feedback(every, feedback), _from_diary(diary)], ignore_index=True)
    reports = reports[reports["attack"].notna()].sort_values("time", kind="stable")
    distinct = reports.groupby("key")["attack"].nunique()
    contradicted = set(distinct[distinct > 1].index) & set(predictions["key"])
    last = reports.drop_duplicates("key", keep="last").set_index("key")
    joined = predictions.assign(
        attack=predictions["key"].map(last["attack"]).astype(np.float64),
        severity=predictions["key"].map(last["severity"]).astype(np.float64),
    )
    return JoinedOutcomes(joined, len(contradicted))


def _from_feedback(every: pd.DataFrame, feedback: pd.DataFrame) -> pd.DataFrame:
    keys = pd.Series(outcome_key(every).to_numpy(), index=every["id"].to_numpy())
    keys = keys[~keys.index.duplicated()]
    keyed = feedback.assign(key=feedback["id"].map(keys))
    return _reports(keyed[keyed["key"].notna()])


def _from_diary(diary: pd.DataFrame) -> pd.DataFrame:
    return _reports(diary.assign(id="", key=outcome_key(diary.assign(id=""))))


def _reports(frame: pd.DataFrame) -> pd.DataFrame:
    numbers = {name: frame[name].astype(np.float64) for name in ("time", "attack", "severity")}
    return frame.assign(**numbers)[_COLUMNS].reset_index(drop=True)


def _limited(feedback: pd.DataFrame, predicted: Predicted) -> pd.DataFrame:
    """Apply the definition of an attack to `feedback` if it is a limit on the severity."""
    definition = predicted.outcome.attack
    if definition.field != SEVERITY or definition.plain or feedback.empty:
        return feedback
    rows = np.arange(len(feedback))
    columns = {name: feedback[of].to_numpy(np.float64) for name, of in ((ATTACK, "attack"), (SEVERITY, "severity"))}
    days = Diary(rows, np.zeros(len(rows), dtype=np.int64), False, columns)
    return feedback.assign(attack=attack_days(days, definition, fields=predicted.fields))


def _labels(diary: pd.DataFrame, predicted: Predicted) -> pd.DataFrame:
    """Return the outcome of each day in `diary`, as the label of a prediction for that day."""
    if diary.empty:
        return diary
    outcome, horizon = predicted.outcome, predicted.horizon
    latest = diary.sort_values("time", kind="stable").drop_duplicates(["participant", "for_date"], keep="last")
    day = pd.to_datetime(latest["for_date"]).to_numpy("datetime64[D]").astype(np.int64)
    latest = latest.assign(day=day, participant=latest["participant"].astype(str))
    # The day on which a prediction is made may not be reported itself.
    prediction_days = latest[["participant"]].assign(day=day - horizon)
    rows = pd.concat([latest, prediction_days], ignore_index=True).drop_duplicates(["participant", "day"], keep="first")
    rows = rows.sort_values(["participant", "day"], kind="stable")
    known = Diary(
        pd.factorize(rows["participant"])[0].astype(np.int64),
        rows["day"].to_numpy(np.int64),
        True,
        _columns(rows, predicted),
    )
    labeled = rows.assign(
        day=rows["day"] + horizon,
        attack=attack_label(known, horizon, outcome, fields=predicted.fields),
        severity=severity_label(known, horizon, outcome, fields=predicted.fields),
    )
    predictions = latest[["participant", "for_date", "time", "day"]]
    return predictions.merge(labeled[["participant", "day", "attack", "severity"]], on=["participant", "day"])


def _columns(rows: pd.DataFrame, predicted: Predicted) -> dict[str, np.ndarray]:
    columns = {name: rows[of].to_numpy(np.float64) for name, of in ((ATTACK, "attack"), (SEVERITY, "severity"))}
    definition = predicted.outcome.attack
    if definition.field not in columns:
        other = rows["field"] == definition.field if "field" in rows else pd.Series(False, index=rows.index)
        value = rows["value"] if "value" in rows else pd.Series(np.nan, index=rows.index)
        columns[predicted.fields.by_name[definition.field].column] = value.where(other).to_numpy(np.float64)
    return columns
