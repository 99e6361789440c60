"""What came true for each prediction: words of users and later diaries, the latest counts.

Here belongs joining them. Not here: reading either (`stores.monitoring`), figures (`performance`).

An outcome belongs to a person and a day, so that it holds for every prediction of that day; a prediction of nobody is
reached by its id alone. Both are one column here, `key`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Settled:
    """Predictions with the columns `attack` (0, 1, NaN: not known yet) and `severity`. `contradictions`: keys of which
    different things were told.
    """

    predictions: pd.DataFrame
    contradictions: int


def key_of(frame: pd.DataFrame) -> pd.Series:
    """From `id`, `participant` (null: nobody's) and `for_date`."""
    known = frame["participant"].notna() & frame["for_date"].notna()
    day = frame["participant"].astype("object").astype(str) + "|" + frame["for_date"].astype("object").astype(str)
    return day.where(known, "id:" + frame["id"].astype(str))


def last_predictions(predictions: pd.DataFrame) -> pd.DataFrame:
    """The last prediction of each key and task: asking again is no second observation."""
    ordered = predictions.assign(key=key_of(predictions)).sort_values(["time", "id"], kind="stable")
    return ordered.drop_duplicates(["key", "task"], keep="last").reset_index(drop=True)


def settle(predictions: pd.DataFrame, *, every: pd.DataFrame, feedback: pd.DataFrame, diary: pd.DataFrame) -> Settled:
    """`predictions` (with `key`) and what came true.

    `every`: all predictions with `id`, `participant`, `for_date`, by which feedback finds its key. `feedback`: `id`,
    `time`, `attack`, `severity`. `diary`: `participant` (pseudonym), `for_date`, `time` (of the delivery), `attack`,
    `severity`.
    """
    told = pd.concat([_of_feedback(every, feedback), _of_diary(diary)], ignore_index=True)
    told = told[told["attack"].notna()].sort_values("time", kind="stable")
    kinds = told.groupby("key")["attack"].nunique()
    contradicted = set(kinds[kinds > 1].index) & set(predictions["key"])
    last = told.drop_duplicates("key", keep="last").set_index("key")
    found = predictions.assign(
        attack=predictions["key"].map(last["attack"]).astype(np.float64),
        severity=predictions["key"].map(last["severity"]).astype(np.float64),
    )
    return Settled(found, len(contradicted))


_TOLD = ["key", "time", "attack", "severity"]


def _of_feedback(every: pd.DataFrame, feedback: pd.DataFrame) -> pd.DataFrame:
    keys = pd.Series(key_of(every).to_numpy(), index=every["id"].to_numpy())
    keys = keys[~keys.index.duplicated()]
    found = feedback.assign(key=feedback["id"].map(keys))
    return _plain(found[found["key"].notna()])


def _of_diary(diary: pd.DataFrame) -> pd.DataFrame:
    return _plain(diary.assign(id="", key=key_of(diary.assign(id=""))))


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    numbers = {name: frame[name].astype(np.float64) for name in ("time", "attack", "severity")}
    return frame.assign(**numbers)[_TOLD].reset_index(drop=True)
