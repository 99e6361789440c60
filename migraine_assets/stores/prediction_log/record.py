"""Prediction records and feedback, the two kinds of records in the prediction log.

Not here: prediction ids (`stores.prediction_log.prediction_ids`), pseudonyms (`stores.pseudonyms`), writing records
(`stores.prediction_log.segments`), reading them (`stores.prediction_log.reader`).
"""

from typing import Literal

import msgspec

Arm = Literal["champion", "canary", "ab"]


class PredictionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The record of one answer.

    `time`: seconds since 1970, UTC. `participant`: a pseudonym. `for_date`: ISO 8601. By task: `features` in the order
    of the bundle's manifest (null for NaN), `outputs` of the bundle (absent if it abstained), and `bundles` (hashes).
    `shadow_outputs`, `shadow_bundles`: predictions of a candidate in shadow mode, from `shadow_features` if the
    candidate has other inputs.
    """

    id: str
    time: float
    participant: str | None
    for_date: str | None
    features: dict[str, list[float | None]]
    outputs: dict[str, float | None]
    bundles: dict[str, str]
    arm: str = "champion"
    latency_ms: float = 0.0
    shadow_outputs: dict[str, float | None] = {}
    shadow_bundles: dict[str, str] = {}
    shadow_features: dict[str, list[float | None]] = {}
    abstained: bool = False
    format: Literal[1] = 1


class Feedback(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a prediction, as reported by the user. The last feedback on a `prediction_id` counts."""

    prediction_id: str
    migraine_occurrence: bool
    migraine_severity: float | None = None
    time: float = 0.0
    format: Literal[1] = 1
