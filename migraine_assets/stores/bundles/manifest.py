"""The manifest of a model bundle: everything that is needed to serve the model, as one typed document.

This module defines the current format and its canonical JSON. To change the format, increase its number and keep a
reader of the old one. The service reads manifests, so this module needs only NumPy and msgspec. Not here: reading
manifests of all formats (`stores.bundles.manifest_reader`), files and sessions (`stores.bundles.bundles`).
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from migraine_assets.core.contract import ATTACK, SEVERITY, Contract, Field
from migraine_assets.core.diary.cleaning import Cleaning
from migraine_assets.core.features.daily import Quantity
from migraine_assets.core.features.labels import BURDEN_DAYS
from migraine_assets.core.features.operations import Feature
from migraine_assets.core.features.outcome import OutcomeDefinition, described
from migraine_assets.core.features.plan import Recipe
from migraine_assets.core.metrics.interval import IntervalRecord, Scores
from migraine_assets.core.reference_bins import FeatureReference
from migraine_assets.core.tasks import Task

FORMAT = 2
MODEL_FILE, MANIFEST_FILE = "model.onnx", "manifest.json"
INPUT = "features"
OUTPUT: dict[str, str] = {"attack": "probability", "severity": "severity"}

Parameter = float | int | str | bool | None
OutcomeKind = Literal["attack", "severity", "burden"]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the parts of a manifest."""


class Outcome(Part, frozen=True, omit_defaults=True):
    """The predicted outcome: its kind, its range in `unit`, and a description.

    `definition`: the definition of an attack and of the window; None for the outcome of the contract on a single day.
    `own_rate_days`: a participant with attacks on a share r of the days has this outcome with the probability
    1 - (1 - r)^own_rate_days; None means 1.
    """

    kind: OutcomeKind
    low: float
    high: float
    unit: str
    description: str
    definition: OutcomeDefinition | None = None
    own_rate_days: float | None = None


class Calibration(Part, frozen=True):
    """The sigmoid calibration P(attack) = 1 / (1 + exp(-(slope * score + intercept)))."""

    slope: float
    intercept: float


class Conformal(Part, frozen=True):
    """The interval prediction +- `quantile`, which covers the outcome with probability `coverage`."""

    coverage: float
    quantile: float


class TrainingCounts(Part, frozen=True, omit_defaults=True):
    """The size of the training set. `attacks`: only for the task "attack"."""

    rows: int
    participants: int
    folds: int
    attacks: int | None = None


class Agreement(Part, frozen=True):
    """Absolute differences between Python and ONNX Runtime over `rows` rows: the maximum and the 99.9 % quantile."""

    rows: int
    maximum: float
    quantile_999: float


class Manifest(Part, frozen=True, kw_only=True, tag_field="format", tag=FORMAT):
    """A manifest of format 2. It has nothing that differs between two equal runs.

    `algorithm`: key in the table of models. `used`: description of the fitted estimator. `horizon`: days from the last
    diary day to the predicted day. `contract`: fields that the model reads. `features`: inputs in the order of the
    graph. `features_version`: version of the complete recipe. `threshold`: decision threshold. `bounds`: range to which
    a severity is clipped. `explanation_rows`: maximum number of rows to score for one explanation. `base_rate`: share
    of attacks, or mean outcome, in training. `metrics`: cross-validated metrics. `reference`: reference bins of each
    feature. `files`: SHA-256 of every other file of the bundle.
    """

    task: Task
    algorithm: str
    used: str
    params: dict[str, Parameter]
    seed: int
    horizon: int
    outcome: Outcome
    contract: tuple[Field, ...]
    cleaning: Cleaning
    quantities: tuple[Quantity, ...]
    features: tuple[Feature, ...]
    features_version: str
    data_version: str
    calibration: Calibration | None
    threshold: float | None
    conformal: Conformal | None
    bounds: tuple[float, float] | None
    explanation_rows: int
    base_rate: float
    metrics: dict[str, IntervalRecord]
    reference: tuple[FeatureReference, ...]
    training: TrainingCounts
    agreement: Agreement
    libraries: dict[str, str]
    notes: tuple[str, ...]
    files: dict[str, str]

    @property
    def output(self) -> str:
        """The name of the only output of the graph."""
        return OUTPUT[self.task]

    @property
    def severity_kind(self) -> Literal["severity", "burden"] | None:
        """The kind of outcome of a severity model; None for an attack model."""
        return None if self.outcome.kind == "attack" else self.outcome.kind

    @property
    def definition(self) -> OutcomeDefinition:
        """The definition of an attack, and of the days on which it is predicted."""
        return self.outcome.definition or OutcomeDefinition()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the features, in the order of the graph."""
        return tuple(feature.name for feature in self.features)

    @property
    def recipe(self) -> Recipe:
        """The recipe of the model's inputs."""
        return Recipe(self.contract, self.cleaning, self.quantities, self.features)

    @property
    def scores(self) -> Scores:
        """The cross-validated metrics as intervals."""
        return {name: metric.interval for name, metric in self.metrics.items()}

    @property
    def references(self) -> dict[str, FeatureReference]:
        """The reference bins by feature."""
        return {item.name: item for item in self.reference}

    def canonical(self) -> bytes:
        """Return the canonical JSON (sorted keys, no spaces, UTF-8), whose SHA-256 is the name of the bundle."""
        # Convert the values to their declared types, so that an integer in place of a float does not change the bytes.
        plain = msgspec.to_builtins(self, enc_hook=_plain)
        return msgspec.json.encode(msgspec.convert(plain, Manifest), order="sorted")


def outcome_of(
    task: Task,
    severity_kind: str | None,
    contract: Contract,
    *,
    horizon: int,
    definition: OutcomeDefinition | None = None,
    own_rate_days: float | None = None,
) -> Outcome:
    """Return the outcome of a model that predicts `horizon` days ahead; by default that of the contract."""
    if definition is not None and not definition.default:
        defined = _defined(task, severity_kind, contract, horizon=horizon, definition=definition)
        return msgspec.structs.replace(defined, own_rate_days=own_rate_days)
    day = {0: "the day itself", 1: "the next day"}.get(horizon, f"the day {horizon} days later")
    if task == "attack":
        return Outcome("attack", 0.0, 1.0, "probability", f"{contract.by_name[ATTACK].description[:-1]}: {day}.")
    if severity_kind == "burden":
        return Outcome("burden", 0.0, float(BURDEN_DAYS), "days", f"Headache days among the next {BURDEN_DAYS}.")
    return _severity(contract, f"Severity of an attack, if there is one: {day}.")


def _defined(
    task: Task, severity_kind: str | None, contract: Contract, *, horizon: int, definition: OutcomeDefinition
) -> Outcome:
    """Return the outcome of a definition from parameters."""
    sentence = described(definition, horizon=horizon)
    if task == "attack":
        return Outcome("attack", 0.0, 1.0, "probability", sentence, definition)
    if severity_kind == "burden":
        text = f"Days with {definition.attack.day()} among the next {BURDEN_DAYS}."
        return Outcome("burden", 0.0, float(BURDEN_DAYS), "days", text, definition)
    text = f"Severity, if there is one, of: {sentence[0].lower()}{sentence[1:]}"
    return msgspec.structs.replace(_severity(contract, text), definition=definition)


def _severity(contract: Contract, text: str) -> Outcome:
    field = contract.by_name[SEVERITY]
    low, high = (0.0 if field.low is None else field.low), (10.0 if field.high is None else field.high)
    return Outcome("severity", low, high, field.unit, text)


def canonical(content: Mapping[str, Any]) -> bytes:
    """Encode untyped content as JSON with sorted keys and no spaces.

    NumPy scalars and arrays become numbers and lists. Raises `ValueError` for NaN.
    """
    text = json.dumps(
        content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain
    )
    return text.encode()


def sha256(content: bytes) -> str:
    """Return the SHA-256 of `content` as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a manifest cannot contain a value of type {type(value).__name__}")
