"""Response bodies. Their docstrings are the descriptions in the OpenAPI document.

Not here: how the numbers are computed (`serving.model`, `serving.api.compose`), descriptions of the served models
(`serving.contract.model_descriptions`).
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from migraine_assets.prediction.intervals import Interval
from migraine_assets.prediction.loaded import ModelIdentity
from migraine_assets.prediction.risk import Band, Level

Probability = Annotated[float, Meta(ge=0, le=1)]


class BaseRate(msgspec.Struct, frozen=True, gc=False):
    """The participant's own share of attack days. `rate` is shrunk toward 0.24 with the weight of 2 days; if `outcome`
    is not that of a single day, it is the probability of that outcome at this daily rate.
    """

    rate: float
    attacks: int
    observed_days: int


class RelativeToUsual(msgspec.Struct, frozen=True, gc=False):
    """The probability against the participant's own rate. `ratio`: probability / base_rate.rate; `level`: usual from
    0.8 to 1.25, much_lower up to 0.5, much_higher from 2. `words` and `sentence` say it in the language of the request.
    """

    ratio: float
    level: Level
    words: str
    sentence: str


class Attack(msgspec.Struct, frozen=True, gc=False):
    """The risk of an attack on `for_date`. `interval`: a 95 % interval of how often attacks follow days with this
    probability (the uncertainty of the model's calibration, not of the individual); null if training could not estimate
    it. `risk_band`: high from the threshold on, very_high from halfway between threshold and 1, low below half of it. A
    high or very high one is one lower unless the probability is above what is usual for the participant.
    `relative_to_usual`: null if `base_rate` is.
    """

    probability: Probability
    risk_band: Band
    threshold: Probability
    base_rate: BaseRate | None
    relative_to_usual: RelativeToUsual | None
    interval: Interval | None


class Severity(msgspec.Struct, frozen=True, gc=False):
    """`expected`: severity (0-10) of the attack on `for_date`, if there is one; if `kind` is burden, headache days
    among the next seven. `interval_90` covers 90 % of outcomes over all participants and days, not for each of them.
    """

    expected: float
    interval_90: Interval | None
    kind: Literal["severity", "burden"]


class Contribution(msgspec.Struct, frozen=True, gc=False):
    """How far a diary field moves the prediction from the reference, in the unit of the prediction. If the field is not
    `given`, its absence has this effect. Given fields come first, largest effect first. `sentence` says the value and
    the effect in the language of the request: `?language=` or `Accept-Language` (en, de, es, fr).
    """

    field: str
    contribution: float
    given: bool
    description: str
    sentence: str = ""


class Reasons(msgspec.Struct, frozen=True, gc=False):
    """Shapley values by field: `reference` (a typical training day) + `contributions` + `other` = `prediction`."""

    reference: float
    prediction: float
    contributions: list[Contribution]
    other: float


class TaskReasons(msgspec.Struct, frozen=True, gc=False):
    """The reasons for the prediction of each task; null if there is none."""

    attack: Reasons | None
    severity: Reasons | None


class TaskModels(msgspec.Struct, frozen=True, gc=False):
    """The model of each task; null if none is loaded."""

    attack: ModelIdentity | None
    severity: ModelIdentity | None


class Warning(msgspec.Struct, frozen=True, gc=False):
    """A caveat about this prediction. `fields`: the diary fields concerned."""

    code: Literal[
        "too_little_history",
        "attack_days_only",
        "none_can_begin",
        "out_of_range",
        "unused_fields",
        "value_limited",
        "no_model",
        "other_horizon",
        "other_features_code",
        "one_person_model",
        "simulated_model",
    ]
    message: str
    fields: list[str] = []


class Interpreted(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A name or spelling in the request that is not the contract's, and its interpretation: the contract `field`, and
    the `value` if that was recoded too (gender 0 is sex M, 1 is F).
    """

    given: str
    field: str
    value: str | None = None


class PredictedOutcome(msgspec.Struct, frozen=True, gc=False):
    """The predicted outcome, and its days from `first_date` to `last_date`."""

    description: str
    first_date: str
    last_date: str


class Prediction(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The prediction for one participant. `attack` and `severity` are null if the service abstains or no model is
    loaded. `simulated_model`: a model that answers was trained on simulated diaries, so the numbers are no evidence
    about migraine. `interpreted`: aliases in the request; left out if there are none. `outcome`: left out if it is any
    attack on `for_date`.
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


class Status(msgspec.Struct):
    """The state of the service."""

    status: str


class Ready(msgspec.Struct):
    """The bundle that serves, by task. `problems`: why an older model than the promoted one serves."""

    status: str
    models: dict[str, str]
    problems: list[str] = []


class Recorded(msgspec.Struct, omit_defaults=True):
    """The feedback was recorded. `interpreted`: aliases in the request; left out if there are none."""

    prediction_id: str
    status: str
    interpreted: list[Interpreted] = []


class FieldAlias(msgspec.Struct):
    """Another name of a field. `recode`: the meaning of its codes under that name, if it has codes."""

    name: str
    recode: dict[str, str]


class ContractField(msgspec.Struct):
    """A field of a diary. `low` and `high`: inclusive bounds in `unit`, null: none. `categories`: the values of a
    category, `spellings`: other spellings of them, in lower case. `used`: at least one served model uses the field.
    """

    name: str
    kind: Literal["string", "date", "category", "number", "flag"]
    role: Literal["key", "static", "exposure", "known_ahead", "premonitory", "outcome"]
    description: str
    unit: str
    low: float | None
    high: float | None
    categories: list[str]
    spellings: dict[str, str]
    aliases: list[FieldAlias]
    used: bool


class DiaryContract(msgspec.Struct):
    """The fields of a diary and its limits. A request may have `entries` days, and the models use the last
    `look_back_days`. They abstain if attacks are known for less than `least_known_days` of these.
    """

    entries: int
    look_back_days: int
    least_known_days: int
    simulated_model: bool
    fields: list[ContractField]


class KeptParticipant(msgspec.Struct, frozen=True):
    """A participant whose diary is kept: the number of its days, and the first and the last one."""

    participant_id: str
    days: int
    first_day: str | None
    last_day: str | None


class KeptParticipants(msgspec.Struct, frozen=True):
    """Participants of the API key, in no particular order. `next`: send it as `after` to get more; null at the end."""

    participants: list[KeptParticipant]
    next: str | None


class ParticipantForecast(msgspec.Struct, frozen=True):
    """The next day of a participant, from the `days` that are kept. `for_date` is null if there are none. `attack` and
    `severity` are null if the service abstains; `warnings` say why.
    """

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
    """Forecasts for participants of the API key, in no particular order. `next`: send it as `after` to get more; null
    at the end.
    """

    forecasts: list[ParticipantForecast]
    next: str | None


class Index(msgspec.Struct):
    """The endpoints of this service and the addresses of its documents. `docs`, `openapi`: null if they are switched
    off.
    """

    name: str
    docs: str | None
    openapi: str | None
    endpoints: list[str]


class ProtocolError(msgspec.Struct):
    """An error in the format of the Open Inference Protocol."""

    error: str
