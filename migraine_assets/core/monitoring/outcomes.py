"""Joining predictions with their outcomes: feedback of users and later diaries; the latest report counts.

Not here: reading either (`stores.monitoring`), metrics (`core.monitoring.performance`).

An outcome belongs to a participant and a day, so it applies to every prediction of that day. A prediction without a
participant can be reached by its id alone. The column `key` holds either.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

_COLUMNS = ["key", "time", "attack", "severity"]


@dataclass(frozen=True)
class JoinedOutcomes:
    """Predictions with the columns `attack` (0, 1, NaN: not known yet) and `severity`.

    `contradictions`: keys with contradicting reports.
    """

    predictions: pd.DataFrame
    contradictions: int


def outcome_key(frame: pd.DataFrame) -> pd.Series:
    """Return the key of each row from its columns `id`, `participant` (null if unknown) and `for_date`."""
    known = frame["participant"].notna() & frame["for_date"].notna()
    day = frame["participant"].astype("object").astype(str) + "|" + frame["for_date"].astype("object").astype(str)
    return day.where(known, "id:" + frame["id"].astype(str))


def latest_predictions(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the last prediction of each key and task: a repeated request is no second observation."""
    ordered = predictions.assign(key=outcome_key(predictions)).sort_values(["time", "id"], kind="stable")
    return ordered.drop_duplicates(["key", "task"], keep="last").reset_index(drop=True)


def join_outcomes(
    predictions: pd.DataFrame, *, every: pd.DataFrame, feedback: pd.DataFrame, diary: pd.DataFrame
) -> JoinedOutcomes:
    """Join `predictions` (with `key`) with their outcomes.

    `every`: all predictions with `id`, `participant`, `for_date`, which give feedback its key. `feedback`: `id`,
    `time`, `attack`, `severity`. `diary`: `participant` (pseudonym), `for_date`, `time` (of the delivery), `attack`,
    `severity`.
    """
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
