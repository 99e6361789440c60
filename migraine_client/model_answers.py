"""Answers of the service about its models: `/models`, `/ready`.

Not here: other answers (`migraine_client.answers`).
"""

from typing import Literal

import msgspec


class IntervalRecord(msgspec.Struct, frozen=True):
    """A metric and its 95 % interval. None: it cannot be computed."""

    value: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None


class TrainingCounts(msgspec.Struct, frozen=True):
    """The size of the training set."""

    rows: int
    participants: int
    folds: int
    attacks: int | None = None


class AttackDefinition(msgspec.Struct, frozen=True):
    """What counts as an attack day."""

    field: str = "migraine_occurrence"
    at_least: float | None = None
    values: list[float | str] = []
    free_days: int = 0


class OutcomeDefinition(msgspec.Struct, frozen=True):
    """What counts as an attack, and on which days it is predicted."""

    attack: AttackDefinition = AttackDefinition()
    window: Literal["day", "any"] = "day"


class Outcome(msgspec.Struct, frozen=True):
    """The predicted outcome and its range in `unit`."""

    kind: Literal["attack", "severity", "burden"]
    low: float
    high: float
    unit: str
    description: str
    definition: OutcomeDefinition | None = None
    own_rate_days: float | None = None


class ServedModel(msgspec.Struct, frozen=True):
    """A model that serves."""

    algorithm: str
    bundle: str
    data_version: str
    dagster_run: str | None
    mlflow_run: str | None
    horizon: int
    outcome: Outcome
    severity_kind: Literal["severity", "burden"] | None
    threshold: float | None
    least_history_days: int
    features: list[str]
    same_features_code: bool
    simulated: bool
    metrics: dict[str, IntervalRecord]
    training: TrainingCounts
    notes: list[str]


class ServedRollout(msgspec.Struct, frozen=True):
    """A rollout candidate."""

    mode: Literal["shadow", "canary", "ab"]
    percent: float
    since: str
    model: ServedModel


class ServedTask(msgspec.Struct, frozen=True):
    """The models of one task."""

    champion: ServedModel
    rollout: ServedRollout | None


class Models(msgspec.Struct, frozen=True):
    """The models that serve, by task."""

    version: int
    tasks: dict[str, ServedTask]
    problems: list[str]


class Ready(msgspec.Struct, frozen=True):
    """The bundle that serves, by task."""

    status: str
    models: dict[str, str]
    problems: list[str] = []
