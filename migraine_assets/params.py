"""Hyperparameters and thresholds: one YAML file, checked against the settings classes that use it.

The bounds of a parameter are part of its type: `Annotated[float, Range(ge=0, le=1)]`. Not here: the meaning of
thresholds (the settings classes in `core`), the path of the file (`settings`).
"""

import datetime as dt
import difflib
import types
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, ClassVar, get_args

import yaml
from annotated_types import Ge, Gt, Unit, doc
from annotated_types import Interval as Range
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from migraine_assets.core.contract import CONTRACT, Bounds, Contract
from migraine_assets.core.custom_fields import CustomField, with_custom_fields
from migraine_assets.core.diary.cleaning import Cleaning, cleaning_for
from migraine_assets.core.diary.preprocess import PreprocessSettings
from migraine_assets.core.diary.validation import ValidationSettings
from migraine_assets.core.evaluation.flags import FlagLimits
from migraine_assets.core.evaluation.folds import FoldSettings
from migraine_assets.core.evaluation.gate import GateSettings
from migraine_assets.core.features.diary import MAX_HORIZON
from migraine_assets.core.features.outcome import (
    AttackDefinition,
    OutcomeDefinition,
    Window,
    checked,
    with_outcome,
)
from migraine_assets.core.models.tuning import TuningSettings
from migraine_assets.core.monitoring.limits import DriftLimits, PerformanceLimits
from migraine_assets.core.monitoring.rollout_test import RolloutSettings
from migraine_assets.core.quality.settings import QualitySettings
from migraine_assets.core.tasks import Task
from migraine_assets.errors import ConfigurationError
from migraine_assets.settings import requirement
from migraine_assets.sources.files.limits import SourceLimits


@dataclass(frozen=True)
class ContractSettings:
    """Changes of the diary contract."""

    bounds: Annotated[
        Mapping[str, Bounds], doc("Other bounds of numeric fields, by field: low and high, in its unit.")
    ] = field(default_factory=dict)
    fields: Annotated[Mapping[str, CustomField], doc("Custom fields, by name.")] = field(default_factory=dict)
    known_ahead: Annotated[
        tuple[str, ...], doc("Exposures whose value on the predicted day is known before it, as of a weather forecast.")
    ] = ()


@dataclass(frozen=True)
class OutcomeSettings:
    """Settings of the predicted outcome."""

    horizon: Annotated[
        Annotated[int, Range(ge=1, le=MAX_HORIZON)] | None,
        Unit("days"),
        doc("Days ahead for which a dated diary is predicted; null uses that of the mapping, whose default is 1."),
    ] = None

    window: Annotated[
        Window, doc("day: an attack on the day horizon days ahead; any: an attack on any of the next horizon days.")
    ] = "day"
    attack: AttackDefinition = field(default_factory=AttackDefinition)

    def horizon_of(self, delivered: int) -> int:
        """Return the horizon for a delivery with the horizon `delivered`; a same-day diary keeps 0."""
        return self.horizon if self.horizon and delivered else delivered

    def definition(self, *, horizon: int, dated: bool) -> OutcomeDefinition:
        """Return the outcome of a delivery; a window of one day is that day.

        Raises `ConfigurationError` for `free_days` with a diary without dates.
        """
        if self.attack.free_days and not dated:
            raise ConfigurationError(
                "outcome.attack.free_days counts days without an attack, and the diary has no dates: map a date, or "
                "set it to 0."
            )
        return OutcomeDefinition(self.attack, self.window if horizon > 1 else "day")


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of training. The number of threads affects bundle hashes, because it affects the order of sums."""

    seed: Annotated[int, Range(ge=0, le=2**32 - 1), doc("Seed of every fit.")] = 7
    threads: Annotated[
        int, Range(ge=1, le=1024), Unit("threads"), doc("Threads to fit one model; one is fastest for most diaries.")
    ] = 1
    replicates: Annotated[int, Range(ge=1, le=100_000), doc("Bootstrap replicates for each interval.")] = 300


@dataclass(frozen=True)
class EvaluationSettings:
    """What the report shows beyond the models."""

    horizons: Annotated[
        bool, doc("Also cross-validate a model 1 to 7 days ahead, to show how skill decays: about a sixth more time.")
    ] = False


@dataclass(frozen=True)
class MonitoringSettings:
    """The monitored days, and the limits of monitoring."""

    first_day: Annotated[dt.date, doc("First monitored day.")] = dt.date(2026, 1, 1)
    window_days: Annotated[int, Gt(0), Unit("days"), doc("Length of a monitoring window.")] = 7
    label_delay_days: Annotated[int, Ge(0), Unit("days"), doc("Days until an outcome is usually reported.")] = 3
    outcome_days: Annotated[
        int, Gt(0), Unit("days"), doc("Number of past days for which a delivery is searched for outcomes.")
    ] = 60
    drift: DriftLimits = field(default_factory=DriftLimits)
    performance: PerformanceLimits = field(default_factory=PerformanceLimits)


@dataclass(frozen=True)
class AutomationSettings:
    """Settings of automatic retraining, and of the rollout of a better model."""

    cool_down_hours: Annotated[
        float, Ge(0), Unit("h"), doc("Minimum time between a training and an automatic retraining.")
    ] = 20.0
    rollout: RolloutSettings = field(default_factory=RolloutSettings)


@dataclass(frozen=True)
class Params:
    """All parameters. `models` maps task and model key to the hyperparameters that override the defaults."""

    # Sections inherit this.
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False)

    contract: ContractSettings = field(default_factory=ContractSettings)
    outcome: OutcomeSettings = field(default_factory=OutcomeSettings)
    validation: ValidationSettings = field(default_factory=ValidationSettings)
    quality: QualitySettings = field(default_factory=QualitySettings)
    preprocess: PreprocessSettings = field(default_factory=PreprocessSettings)
    folds: FoldSettings = field(default_factory=FoldSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    search: TuningSettings = field(default_factory=TuningSettings)
    flags: FlagLimits = field(default_factory=FlagLimits)
    evaluation: EvaluationSettings = field(default_factory=EvaluationSettings)
    promotion: GateSettings = field(default_factory=GateSettings)
    monitoring: MonitoringSettings = field(default_factory=MonitoringSettings)
    automation: AutomationSettings = field(default_factory=AutomationSettings)
    sources: SourceLimits = field(default_factory=SourceLimits)
    models: Mapping[Task, Mapping[str, Mapping[str, Any]]] = field(default_factory=lambda: types.MappingProxyType({}))

    def diary_contract(self) -> Contract:
        """Return the diary contract with the bounds, fields and outcome of these parameters.

        Raises `ConfigurationError` for an invalid bound, field or outcome.
        """
        contract = with_custom_fields(CONTRACT.with_bounds(self.contract.bounds), self.contract.fields)
        contract = contract.with_known_ahead(self.contract.known_ahead)
        return with_outcome(contract, checked(self.outcome.attack, contract))

    def cleaning(self, contract: Contract) -> Cleaning:
        """Return the cleaning rules for `contract` with the clips of these parameters.

        Raises `ConfigurationError` for a clip that cannot be used.
        """
        return cleaning_for(contract, self.preprocess.clips)

    def hyperparameters(self, task: Task, key: str) -> Mapping[str, Any]:
        """Return the hyperparameters that override the defaults of one model."""
        return self.models.get(task, {}).get(key, {})


def default_path() -> Path:
    """Return the path of the params.yaml in the package."""
    return Path(str(files("migraine_assets") / "params.yaml"))


def load_params(path: Path | None = None) -> Params:
    """Read and check a parameter file, by default the one in the package.

    Raises `ConfigurationError`, which names the file and each invalid parameter, with its value and the allowed values.
    """
    path = path or default_path()
    try:
        params = _adapter().validate_python(_read(path))
        params.cleaning(params.diary_contract())
        _check_models(params)
    except ValidationError as error:
        raise ConfigurationError("\n".join(f"{path}: {_explain(each)}" for each in error.errors())) from error
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}") from error
    return params


@cache
def _adapter() -> TypeAdapter[Params]:
    return TypeAdapter(Params)


def _read(path: Path) -> object:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise ConfigurationError(f"the parameter file cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"the parameter file is not UTF-8 text: {error}.") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"the parameter file is not valid YAML: {error}.") from error


def _explain(error: ErrorDetails) -> str:
    names = tuple(str(part) for part in error["loc"] if part != "[key]")
    name, value = ".".join(names), error["input"]
    match error["type"]:
        case "unexpected_keyword_argument" | "invalid_key":
            return _unknown(names)
        case "dataclass_type" | "dict_type":
            return f"'{name or 'the file'}' must be a mapping of names to values, not {value!r}."
        case "literal_error" if error["loc"][-1] == "[key]":
            return f"there is no '{name}': the name {requirement(error)}."
        case "less_than_equal" | "greater_than_equal" | "finite_number":
            return f"'{name}' is {value!r}; it {_range(names) or requirement(error)}."
    return f"'{name}' is {value!r}; it {requirement(error)}."


def _range(names: tuple[str, ...]) -> str | None:
    annotations = getattr(_type_of(names), "__metadata__", ())
    return next((f"must be between {a.ge} and {a.le}" for a in annotations if isinstance(a, Range)), None)


def _unknown(names: tuple[str, ...]) -> str:
    known = [item.name for item in fields(_type_of(names[:-1]))]
    near = difflib.get_close_matches(names[-1], known, 1)
    hint = f"Did you mean '{near[0]}'?" if near else f"Known parameters: {', '.join(known)}."
    return f"there is no parameter '{'.'.join(names)}'. {hint}"


def _type_of(names: tuple[str, ...]) -> Any:
    """Return the type of the parameter at the path `names`. All items of a tuple or mapping have one type."""
    kind: Any = Params
    for name in names:
        # Remove the annotations, which are the bounds, the unit and the meaning.
        kind = getattr(kind, "__origin__", kind) if hasattr(kind, "__metadata__") else kind
        if is_dataclass(kind):
            kind = next((item.type for item in fields(kind) if item.name == name), None)
        else:
            kind = next((item for item in reversed(get_args(kind)) if item is not Ellipsis), None)
    return kind


def _check_models(params: Params) -> None:
    from migraine_assets.core.models.catalogue import find

    for task, models in params.models.items():
        for key, overrides in models.items():
            find(task, key).params(overrides)
