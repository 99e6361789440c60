"""The form of answers. Not here: how the figures are found (`engine`, `intervals`, `explain`).

The docstrings and descriptions are what the OpenAPI document says.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Probability = Annotated[float, Meta(ge=0, le=1)]
Band = Literal["low", "moderate", "high", "very_high"]


class Interval(msgspec.Struct, frozen=True, gc=False):
    """`low` and `high` end of an interval."""

    low: float
    high: float


class BaseRate(msgspec.Struct, frozen=True, gc=False):
    """The person's own share of attack days. `rate` is shrunk towards 0.24 with the weight of 2 days."""

    rate: float
    attacks: int
    observed_days: int


class Attack(msgspec.Struct, frozen=True, gc=False):
    """An attack on `for_date`. `interval`: 95 %, how often attacks follow days that are given this probability (the
    uncertainty of the model's calibration, not of the single person); null where training could not tell.
    `risk_band`: high from the threshold on, very_high from half-way between threshold and 1, low below half of it.
    """

    probability: Probability
    risk_band: Band
    threshold: Probability
    base_rate: BaseRate | None
    interval: Interval | None


class Severity(msgspec.Struct, frozen=True, gc=False):
    """`expected`: severity (0-10) of the attack of `for_date`, if there is one; where `kind` is burden, headache days
    among the next seven. `interval_90` covers 90 % of outcomes over all people and days, not in every person.
    """

    expected: float
    interval_90: Interval | None
    kind: Literal["severity", "burden"]


class Contribution(msgspec.Struct, frozen=True, gc=False):
    """How far a diary field moves the prediction from the reference, in the prediction's unit. Where the field was
    not `given`, it is its absence that does.
    """

    field: str
    contribution: float
    given: bool
    description: str


class Reasons(msgspec.Struct, frozen=True, gc=False):
    """Shapley values by field: `reference` (a typical day of training) + `contributions` + `other` = `prediction`."""

    reference: float
    prediction: float
    contributions: list[Contribution]
    other: float


class TaskReasons(msgspec.Struct, frozen=True, gc=False):
    """The reasons of each task; null where it has no prediction."""

    attack: Reasons | None
    severity: Reasons | None


class ModelIdentity(msgspec.Struct, frozen=True, gc=False):
    """Which model answered. `bundle`: the SHA-256 of its content; `data_version`: the MD5 of its training data."""

    algorithm: str
    bundle: str
    data_version: str
    dagster_run: str | None
    mlflow_run: str | None
    arm: Literal["champion", "canary", "ab"]


class TaskModels(msgspec.Struct, frozen=True, gc=False):
    """The model of each task; null where none serves."""

    attack: ModelIdentity | None
    severity: ModelIdentity | None


class Warning(msgspec.Struct, frozen=True, gc=False):
    """Something to know about this answer. `fields`: the diary fields that it is about."""

    code: Literal[
        "too_little_history",
        "out_of_range",
        "unused_fields",
        "value_limited",
        "no_model",
        "other_horizon",
        "other_features_code",
    ]
    message: str
    fields: list[str] = []


class Prediction(msgspec.Struct, frozen=True, gc=False):
    """The answer to one person. `attack` and `severity` are null where the service abstains or has no model."""

    prediction_id: str
    for_date: str
    abstained: bool
    attack: Attack | None
    severity: Severity | None
    reasons: TaskReasons | None
    model: TaskModels
    warnings: list[Warning]


class Status(msgspec.Struct):
    """A state in one word."""

    status: str


class Ready(msgspec.Struct):
    """The bundle that answers, by task."""

    status: str
    models: dict[str, str]


class Recorded(msgspec.Struct):
    """The feedback is kept."""

    prediction_id: str
    status: str


class Models(msgspec.Struct):
    """What serves: by task the champion, and a model on trial if there is one; `problems`: what was refused."""

    version: int
    tasks: dict[str, dict[str, Any]]
    problems: list[str]


class ProtocolError(msgspec.Struct):
    """An error in the form of the Open Inference Protocol."""

    error: str
