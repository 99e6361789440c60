"""Hyperparameters and thresholds: one YAML file, every value checked against the type that uses it when it is read.

Not here: what a threshold means (the settings class of each module of `core`), where the file lies (`settings`).
"""

import datetime as dt
import difflib
import types
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from importlib.resources import files
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from migraine_assets.core.diary.preprocess import PreprocessSettings
from migraine_assets.core.diary.validation import ValidationSettings
from migraine_assets.core.evaluation.flags import FlagLimits
from migraine_assets.core.evaluation.folds import FoldSettings
from migraine_assets.core.evaluation.gate import GateSettings
from migraine_assets.core.models.tuning import TuningSettings
from migraine_assets.core.monitoring.drift import Limits
from migraine_assets.core.monitoring.performance import PerformanceLimits
from migraine_assets.core.monitoring.rollout_test import TrialSettings
from migraine_assets.core.quality.settings import QualitySettings
from migraine_assets.errors import ConfigurationError


@dataclass(frozen=True)
class TrainingSettings:
    """`seed` of every fit, `threads` of each model, `replicates` of the bootstrap behind an interval.

    `threads` is part of what makes a bundle's hash: boosters sum in another order on another number of threads.
    """

    seed: int = 7
    threads: Annotated[int, Field(gt=0)] = 1
    replicates: int = 300


@dataclass(frozen=True)
class MonitoringSettings:
    """`first_day`: of the first partition. `window_days`: how many days are looked at together. `label_delay_days`: how
    long people take to tell what came true. `outcome_days`: how far back a delivery is searched for outcomes.
    """

    first_day: dt.date = dt.date(2026, 1, 1)
    window_days: Annotated[int, Field(gt=0)] = 7
    label_delay_days: Annotated[int, Field(ge=0)] = 3
    outcome_days: Annotated[int, Field(gt=0)] = 60
    drift: Limits = field(default_factory=Limits)
    performance: PerformanceLimits = field(default_factory=PerformanceLimits)


@dataclass(frozen=True)
class AutomationSettings:
    """`cool_down_hours`: between the end of a training and a retraining that starts by itself. `rollout`: the trial
    that a better model passes before it serves.
    """

    cool_down_hours: Annotated[float, Field(ge=0)] = 20.0
    rollout: TrialSettings = field(default_factory=TrialSettings)


@dataclass(frozen=True)
class Params:
    """All parameters. `models` maps task and model key to hyperparameters that replace the table's defaults."""

    validation: ValidationSettings = field(default_factory=ValidationSettings)
    quality: QualitySettings = field(default_factory=QualitySettings)
    preprocess: PreprocessSettings = field(default_factory=PreprocessSettings)
    folds: FoldSettings = field(default_factory=FoldSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    search: TuningSettings = field(default_factory=TuningSettings)
    flags: FlagLimits = field(default_factory=FlagLimits)
    promotion: GateSettings = field(default_factory=GateSettings)
    monitoring: MonitoringSettings = field(default_factory=MonitoringSettings)
    automation: AutomationSettings = field(default_factory=AutomationSettings)
    models: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=lambda: types.MappingProxyType({}))

    def hyperparameters(self, task: str, key: str) -> Mapping[str, Any]:
        """What replaces the defaults of one model."""
        return self.models.get(task, {}).get(key, {})


@dataclass(frozen=True)
class Bound:
    """The least and the largest value of the parameter at `place`, both allowed."""

    place: str
    low: float
    high: float


BOUNDS: tuple[Bound, ...] = (
    Bound("training.seed", 0, 2**32 - 1),
    Bound("training.threads", 0, 1024),
    Bound("training.replicates", 1, 100_000),
    Bound("folds.test_share", 0.01, 0.9),
    Bound("folds.test_period", 0.01, 0.9),
    Bound("folds.folds", 2, 100),
    Bound("folds.least_participants", 1, 1_000_000),
    Bound("folds.least_attacks", 1, 1_000_000),
    Bound("promotion.margin", 0, 1),
    Bound("promotion.replicates", 1, 100_000),
    Bound("search.trials", 0, 100_000),
)


def default_path() -> Path:
    """The params.yaml that comes with the package."""
    return Path(str(files("migraine_assets") / "params.yaml"))


def load_params(path: Path | None = None) -> Params:
    """Read and check a parameter file. Raises `ConfigurationError` that names the file, the place and the remedy."""
    path = path or default_path()
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise ConfigurationError(f"The parameter file {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"The parameter file {path} is not text in UTF-8: {error}.") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"The parameter file {path} is not valid YAML: {error}.") from error
    _refuse_unknown(content, Params, where=str(path))
    try:
        params = _adapter().validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{path}: '{place}' is {first['input']!r}: {first['msg']}.") from error
    _check_bounds(params, where=str(path))
    _check_models(params, where=str(path))
    return params


@cache
def _adapter() -> TypeAdapter[Params]:
    return TypeAdapter(Params)


def _refuse_unknown(content: Any, cls: Any, *, where: str, place: str = "") -> None:
    known = {item.name: item for item in fields(cls)}
    if not isinstance(content, Mapping):
        raise ConfigurationError(
            f"{where}: '{place.rstrip('.') or 'the file'}' must hold names with values, not {content!r}."
        )
    for name, value in content.items():
        if name not in known:
            near = difflib.get_close_matches(str(name), known, 1)
            hint = f"Did you mean '{near[0]}'?" if near else f"Known are: {', '.join(known)}."
            raise ConfigurationError(f"{where}: there is no parameter '{place}{name}'. {hint}")
        if is_dataclass(kind := known[name].type):
            _refuse_unknown(value, kind, where=where, place=f"{place}{name}.")


def _check_bounds(params: Params, *, where: str) -> None:
    for bound in BOUNDS:
        value = attrgetter(bound.place)(params)
        if not bound.low <= value <= bound.high:
            raise ConfigurationError(
                f"{where}: '{bound.place}' is {value}; it must be between {bound.low:g} and {bound.high:g}."
            )


def _check_models(params: Params, *, where: str) -> None:
    from migraine_assets.core.models.catalogue import find

    for task, models in params.models.items():
        if task not in ("attack", "severity"):
            raise ConfigurationError(f"{where}: 'models.{task}' is no task. The tasks are attack and severity.")
        for key, overrides in models.items():
            try:
                find(task, key).params(overrides)  # type: ignore[arg-type]  # checked above
            except ConfigurationError as error:
                raise ConfigurationError(f"{where}: {error}") from error
