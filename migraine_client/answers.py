"""Answers of the service about forecasts, feedback and kept diaries.

Their fields are those of the schemas in `/openapi.json`, where they are described; a test compares the two. Answers may
get new fields in later versions of the service, which are ignored. Not here: the served models
(`migraine_client.model_answers`), errors (`migraine_client.errors`).
"""

from typing import Any, Literal

import msgspec

from migraine_client.errors import ProblemDetails

Band = Literal["low", "moderate", "high", "very_high"]
Level = Literal["much_lower", "lower", "usual", "higher", "much_higher"]


class Interval(msgspec.Struct, frozen=True):
    """The `low` and `high` end of an interval."""

    low: float
    high: float


class BaseRate(msgspec.Struct, frozen=True):
    """The participant's own share of attack days."""

    rate: float
    attacks: int
    observed_days: int


class RelativeToUsual(msgspec.Struct, frozen=True):
    """The probability against the participant's own rate; `words` and `sentence` in the language of the request."""

    ratio: float
    level: Level
    words: str
    sentence: str


class Attack(msgspec.Struct, frozen=True):
    """The risk of an attack on the predicted day."""

    probability: float
    risk_band: Band
    threshold: float
    base_rate: BaseRate | None
    relative_to_usual: RelativeToUsual | None
    interval: Interval | None


class Severity(msgspec.Struct, frozen=True):
    """The expected severity (0-10) of an attack, or the burden: headache days among the next seven."""

    expected: float
    interval_90: Interval | None
    kind: Literal["severity", "burden"]


class Contribution(msgspec.Struct, frozen=True):
    """How far a diary field moves the prediction from the reference."""

    field: str
    contribution: float
    given: bool
    description: str
    sentence: str = ""


class Reasons(msgspec.Struct, frozen=True):
    """Shapley values by field: `reference` + `contributions` + `other` = `prediction`."""

    reference: float
    prediction: float
    contributions: list[Contribution]
    other: float


class TaskReasons(msgspec.Struct, frozen=True):
    """The reasons for the prediction of each task."""

    attack: Reasons | None
    severity: Reasons | None


class ModelIdentity(msgspec.Struct, frozen=True):
    """The model that predicted."""

    algorithm: str
    bundle: str
    data_version: str
    dagster_run: str | None
    mlflow_run: str | None
    arm: Literal["champion", "canary", "ab"]


class TaskModels(msgspec.Struct, frozen=True):
    """The model of each task."""

    attack: ModelIdentity | None
    severity: ModelIdentity | None


class Warning(msgspec.Struct, frozen=True):
    """A caveat about a prediction. Later versions of the service may have other codes."""

    code: str
    message: str
    fields: list[str] = []


class Interpreted(msgspec.Struct, frozen=True):
    """An alias in the request, and its interpretation."""

    given: str
    field: str
    value: str | None = None


class PredictedOutcome(msgspec.Struct, frozen=True):
    """The predicted outcome, and its days from `first_date` to `last_date`."""

    description: str
    first_date: str
    last_date: str


class Prediction(msgspec.Struct, frozen=True):
    """The prediction for one participant. `attack` and `severity` are None if the service abstains; `warnings` say
    why.
    """

    prediction_id: str
    for_date: str
    abstained: bool
    attack: Attack | None
    severity: Severity | None
    reasons: TaskReasons | None
    model: TaskModels
    warnings: list[Warning]
    simulated_model: bool
    interpreted: list[Interpreted] = []
    outcome: PredictedOutcome | None = None


class Item(msgspec.Struct, frozen=True):
    """The answer to one item of a batch: `result` or `error`."""

    result: Prediction | None
    error: ProblemDetails | None


class Batch(msgspec.Struct, frozen=True):
    """One item for each participant, in the order of the request."""

    items: list[Item]


class Recorded(msgspec.Struct, frozen=True):
    """The feedback was recorded."""

    prediction_id: str
    status: str
    interpreted: list[Interpreted] = []


class KeptParticipant(msgspec.Struct, frozen=True):
    """A participant whose diary is kept."""

    participant_id: str
    days: int
    first_day: str | None
    last_day: str | None


class KeptParticipants(msgspec.Struct, frozen=True):
    """Participants of the API key. `next`: pass it as `after` to get more; None at the end."""

    participants: list[KeptParticipant]
    next: str | None


class ParticipantForecast(msgspec.Struct, frozen=True):
    """The forecast of the next day for a participant with a kept diary."""

    participant_id: str
    days: int
    last_day: str | None
    for_date: str | None
    abstained: bool
    attack: Attack | None
    severity: Severity | None
    warnings: list[Warning]
    simulated_model: bool


class ParticipantForecasts(msgspec.Struct, frozen=True):
    """Forecasts for participants of the API key. `next`: pass it as `after` to get more; None at the end."""

    forecasts: list[ParticipantForecast]
    next: str | None


# A kept day, a profile or a diary, as the service returns it. Its fields are those of the contract of the served
# models (`Client.contract`), which may have custom ones, so it is a dictionary.
Day = dict[str, Any]
