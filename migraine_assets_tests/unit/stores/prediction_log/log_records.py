"""Prediction records and feedback for tests of the log."""

import datetime as dt

from migraine_assets.stores.prediction_log.prediction_ids import make_id
from migraine_assets.stores.prediction_log.record import Feedback, PredictionRecord

SECRET = b"a secret for tests"
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC).timestamp()


def prediction_record(*, time: float = NOON, value: float = 0.25) -> PredictionRecord:
    return PredictionRecord(
        id=make_id(SECRET, time=time),
        time=time,
        participant=None,
        for_date="2026-03-02",
        features={"attack": [1.0, None, 0.1]},
        outputs={"attack": value},
        bundles={"attack": "0" * 64},
    )


def feedback(identity: str, *, attack: bool, time: float = NOON) -> Feedback:
    return Feedback(prediction_id=identity, migraine_occurrence=attack, time=time)
