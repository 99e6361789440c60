"""Options of the synthetic cohort with their defaults, limits and meaning, and the errors for invalid values."""

import dataclasses
import datetime
import math
from collections.abc import Mapping
from typing import Any

from migraine_assets.errors import ConfigurationError
from migraine_assets.sources.columns.suggestion import nearest

MAX_PERSON_DAYS = 5_000_000


def _option(default: Any, low: float, high: float, meaning: str) -> Any:
    return dataclasses.field(default=default, metadata={"low": low, "high": high, "meaning": meaning})


@dataclasses.dataclass(frozen=True)
class SyntheticSettings:
    """The options of the synthetic cohort. Raises `ConfigurationError` for an invalid value.

    Drift (the four options before `drift_from`) starts on the same calendar day for all participants: with `drift_from`
    0 the whole cohort drifts, with 1 none of it.
    """

    participants: int = _option(200, 1, 100_000, "number of participants")
    days: int = _option(180, 1, 730, "days of follow-up per participant")
    seed: int = _option(1, 0, 2**63 - 1, "random seed; the same seed gives the same bytes")
    start: datetime.date = datetime.date(2023, 1, 2)
    enrolment_days: int = _option(365, 1, 730, "length of the enrollment period, in days")
    missing_days: float = _option(0.12, 0.0, 0.6, "share of days without an entry, in runs")
    dropout: float = _option(0.1, 0.0, 0.9, "share of participants who stop early")
    missing_values: float = _option(1.0, 0.0, 5.0, "share of empty cells relative to real diaries; 0 for none")
    sleep_change: float = _option(0.0, -12.0, 12.0, "drift: added to sleep_hours, in h")
    stress_change: float = _option(0.0, -9.0, 9.0, "drift: added to stress_level, in points")
    attack_odds: float = _option(1.0, 0.01, 100.0, "label shift: factor on the odds of an attack")
    effect_scale: float = _option(1.0, -2.0, 2.0, "concept shift: factor on every log odds ratio")
    drift_from: float = _option(0.5, 0.0, 1.0, "share of the calendar span before drift starts")
    dirt: float = _option(0.0, 0.0, 0.5, "share of rows corrupted in ways that validation must detect")

    def __post_init__(self) -> None:
        """Check the limits."""
        for option in dataclasses.fields(self):
            if option.metadata:
                _check(option, getattr(self, option.name))
        if self.participants * self.days > MAX_PERSON_DAYS:
            raise ConfigurationError(
                f"{self.participants} participants x {self.days} days are more than {MAX_PERSON_DAYS:,} "
                "diary days, which would not fit in memory. Reduce either."
            )
        if not datetime.date(1980, 1, 1) <= self.start <= datetime.date(2100, 1, 1):
            raise ConfigurationError(f"start={self.start} is not a date between 1980 and 2100.")

    @property
    def span(self) -> int:
        """Calendar length of the cohort in days, from the first possible entry to the last."""
        return self.enrolment_days + self.days - 1

    @property
    def drift_day(self) -> float:
        """First day with drift, counted from `start`."""
        return self.drift_from * self.span if self.drift_from < 1 else math.inf

    def describe(self) -> str:
        """Describe the cohort in one line: its size, and each option that is not at its default."""
        options = [
            f"{option.name}={getattr(self, option.name)}"
            for option in dataclasses.fields(self)[2:]
            if option.name == "seed" or getattr(self, option.name) != option.default
        ]
        return f"synthetic cohort of {self.participants} participants x {self.days} days ({', '.join(options)})"


def settings_from(options: Mapping[str, Any]) -> SyntheticSettings:
    """Parse options by name; numbers may be text. Raises `ConfigurationError` that names the option."""
    known = {option.name: option for option in dataclasses.fields(SyntheticSettings)}
    for name in options:
        if name not in known:
            raise ConfigurationError(_unknown(str(name), list(known)))
    return SyntheticSettings(**{name: _typed(known[name], value) for name, value in options.items()})


def _unknown(name: str, known: list[str]) -> str:
    return f"The synthetic source has no option '{name}'.{nearest(name, known)} Its options are {', '.join(known)}."


def _typed(option: "dataclasses.Field[Any]", value: Any) -> Any:
    if option.name == "start":
        return _date(value)
    try:
        # Converted through text, so that 1.5 is not an integer and True is not a number, as on the command line.
        return int(str(value)) if option.type is int else float(str(value))
    except ValueError as error:
        kind = "a whole number" if option.type is int else "a number"
        raise ConfigurationError(
            f"{option.name}={value!r} is not {kind}. Meaning: {option.metadata['meaning']}."
        ) from error


def _date(value: Any) -> datetime.date:
    try:
        return datetime.date.fromisoformat(str(value))
    except ValueError as error:
        raise ConfigurationError(f"start={value!r} is not a date in the form 2023-01-02.") from error


def _check(option: "dataclasses.Field[Any]", value: float) -> None:
    low, high = option.metadata["low"], option.metadata["high"]
    if not low <= value <= high:  # a NaN fails too
        raise ConfigurationError(
            f"{option.name}={value} is not between {low:g} and {high:g}. Meaning: {option.metadata['meaning']}."
        )
