"""What can be asked of the synthetic cohort: every option with its default, its limits and what it does.

Here belong the options and their refusal in sentences. Not here: what is done with them.
"""

import dataclasses
import datetime
import math
from collections.abc import Mapping
from typing import Any

from migraine_assets.errors import ConfigurationError
from migraine_assets.sources.columns.mapping import nearest

MAX_PERSON_DAYS = 5_000_000


def _option(default: Any, low: float, high: float, meaning: str) -> Any:
    return dataclasses.field(default=default, metadata={"low": low, "high": high, "meaning": meaning})


@dataclasses.dataclass(frozen=True)
class SyntheticSettings:
    """The options of the synthetic cohort. Raises `ConfigurationError` for a value that is impossible.

    Drift (the four options before `drift_from`) sets in on one calendar day for everybody, however long each
    has been enrolled: `drift_from` 0 drifts the whole cohort, 1 none of it.
    """

    participants: int = _option(200, 1, 100_000, "people who keep a diary")
    days: int = _option(180, 1, 730, "days each is followed")
    seed: int = _option(1, 0, 2**63 - 1, "the same seed gives the same bytes")
    start: datetime.date = datetime.date(2023, 1, 2)
    enrolment_days: int = _option(365, 1, 730, "length of the window over which people enrol, in days")
    missing_days: float = _option(0.12, 0.0, 0.6, "share of days without an entry, in runs")
    dropout: float = _option(0.1, 0.0, 0.9, "share of people who stop early")
    missing_values: float = _option(1.0, 0.0, 5.0, "nulls, as a multiple of what diaries show; 0 for none")
    sleep_change: float = _option(0.0, -12.0, 12.0, "drift: added to sleep_hours, in h")
    stress_change: float = _option(0.0, -9.0, 9.0, "drift: added to stress_level, in points")
    attack_odds: float = _option(1.0, 0.01, 100.0, "label shift: factor on everybody's odds of an attack")
    effect_scale: float = _option(1.0, -2.0, 2.0, "concept shift: factor on every log odds ratio")
    drift_from: float = _option(0.5, 0.0, 1.0, "share of the calendar span after which drift sets in")
    dirt: float = _option(0.0, 0.0, 0.5, "share of rows broken in ways that validation must catch")

    def __post_init__(self) -> None:
        """Refuse what lies outside the limits."""
        for option in dataclasses.fields(self):
            if option.metadata:
                _check(option, getattr(self, option.name))
        if self.participants * self.days > MAX_PERSON_DAYS:
            raise ConfigurationError(
                f"{self.participants} participants x {self.days} days are more than {MAX_PERSON_DAYS:,} "
                "diary days, which would not fit in memory. Ask for fewer of either."
            )
        if not datetime.date(1980, 1, 1) <= self.start <= datetime.date(2100, 1, 1):
            raise ConfigurationError(f"start={self.start} is not a date between 1980 and 2100.")

    @property
    def span(self) -> int:
        """The calendar length of the cohort in days, from the first possible entry to the last."""
        return self.enrolment_days + self.days - 1

    @property
    def drift_day(self) -> float:
        """The first day with drift, counted from `start`."""
        return self.drift_from * self.span if self.drift_from < 1 else math.inf

    def describe(self) -> str:
        """What was asked for, in one line: the size, and each option that is not at its default."""
        asked = [
            f"{option.name}={getattr(self, option.name)}"
            for option in dataclasses.fields(self)[2:]
            if option.name == "seed" or getattr(self, option.name) != option.default
        ]
        return f"synthetic cohort of {self.participants} participants x {self.days} days ({', '.join(asked)})"


def settings_from(options: Mapping[str, Any]) -> SyntheticSettings:
    """`options` by name (numbers may be text) as settings. Raises `ConfigurationError`, naming the option."""
    known = {option.name: option for option in dataclasses.fields(SyntheticSettings)}
    for name in options:
        if name not in known:
            raise ConfigurationError(_unknown(str(name), list(known)))
    return SyntheticSettings(**{name: _typed(known[name], value) for name, value in options.items()})


def _unknown(name: str, known: list[str]) -> str:
    return f"The synthetic source has no option '{name}'.{nearest(name, known)} It knows {', '.join(known)}."


def _typed(option: "dataclasses.Field[Any]", value: Any) -> Any:
    if option.name == "start":
        return _date(value)
    try:
        # Through text, so that 1.5 is no integer and True is no number, as on a command line.
        return int(str(value)) if option.type is int else float(str(value))
    except ValueError as error:
        kind = "a whole number" if option.type is int else "a number"
        raise ConfigurationError(
            f"{option.name}={value!r} is not {kind}. It says: {option.metadata['meaning']}."
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
            f"{option.name}={value} is not between {low:g} and {high:g}. It says: {option.metadata['meaning']}."
        )
