"""Keys of a mapping for a list of attacks: its columns, the observed period, and the meaning of unlisted days.

Not here: the mapping of diary days (`sources.columns.mapping`), turning attacks into days
(`sources.importers.attacks`).

    events: {start: attack_start, end: attack_end, severity: pain, participant: patient, medication: drug}
    # also: duration; scale: 0-5, of the severity
    observation: {first: 2024-01-01, last: 2024-03-31}      # or {p1: {first: ..., last: ...}, p2: ...}
    unlisted_days: quiet                                    # or unknown, the default
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from migraine_assets.core.contract import BY_NAME, SEVERITY
from migraine_assets.errors import ConfigurationError
from migraine_assets.sources.columns.stated_units import conversion

Unlisted = Literal["quiet", "unknown"]


@dataclass(frozen=True)
class Period:
    """The observed days of a participant, first and last included: any attack on them is in the list."""

    first: dt.date
    last: dt.date

    def days(self) -> Iterable[dt.date]:
        """Yield the days in order."""
        return (self.first + dt.timedelta(days=n) for n in range((self.last - self.first).days + 1))


@dataclass(frozen=True)
class Observation:
    """The observed periods, and the meaning of unlisted days.

    `periods`: by participant; the key None applies to all others. `unlisted`: whether an observed day that is not in
    the list had no attack (`quiet`) or is unknown.
    """

    periods: Mapping[str | None, Period]
    unlisted: Unlisted = "unknown"

    def period(self, participant: str | None) -> Period | None:
        """Return the period of a participant; None if the mapping has none."""
        return self.periods.get(participant, self.periods.get(None))


@dataclass(frozen=True)
class EventColumns:
    """The columns of a table of attacks. At most one of `end` and `duration` is set.

    `scale`: the ends of the scale of `severity`, such as 0-5, if its header does not state them.
    """

    start: str
    end: str | None = None
    duration: str | None = None
    severity: str | None = None
    participant: str | None = None
    medication: str | None = None
    scale: str | None = None

    @property
    def named(self) -> tuple[str, ...]:
        """The names of all columns that are set."""
        cells = (getattr(self, item.name) for item in fields(self) if item.name != "scale")
        return tuple(cell for cell in cells if cell is not None)


def parse_events(raw: Any, *, name: str) -> EventColumns | None:
    """Parse `events` of the mapping `name`. Raises `ConfigurationError` if it is not a table with a start."""
    if raw is None:
        return None
    known = [item.name for item in fields(EventColumns)]
    if not isinstance(raw, dict) or not raw.get("start") or not set(raw) <= set(known):
        raise ConfigurationError(
            f"'events' of {name} must name the column with the start of an attack, and may name others: "
            f"{', '.join(known)}. Write 'events: {{start: <column>, end: <column>}}'."
        )
    if not all(isinstance(column, str) for column in raw.values()):
        raise ConfigurationError(f"'events' of {name} must give one column name for each key.")
    if raw.get("end") and raw.get("duration"):
        raise ConfigurationError(f"'events' of {name} has both 'end' and 'duration'. Keep one.")
    columns = EventColumns(**raw)
    if columns.scale and conversion(BY_NAME[SEVERITY], columns.scale) is None:
        raise ConfigurationError(f"'scale' in 'events' of {name} is '{columns.scale}'. Write its ends, as in 0-5.")
    return columns


def parse_observation(raw: Any, unlisted: Any, *, name: str) -> Observation | None:
    """Parse `observation` and `unlisted_days` of the mapping `name`. Raises `ConfigurationError` for invalid values."""
    if unlisted not in (None, "quiet", "unknown"):
        raise ConfigurationError(f"'unlisted_days' of {name} is '{unlisted}'. Write quiet or unknown.")
    if raw is None:
        if unlisted is not None:
            raise ConfigurationError(f"{name} has 'unlisted_days', but no 'observation: {{first: ..., last: ...}}'.")
        return None
    if not isinstance(raw, dict) or not raw:
        raise _invalid(name)
    if {"first", "last"} & set(raw):
        periods: Mapping[str | None, Period] = {None: _period(raw, name)}
    else:
        periods = {participant: _period(period, name) for participant, period in raw.items()}
    return Observation(periods, unlisted or "unknown")


def _period(raw: Any, name: str) -> Period:
    if not isinstance(raw, dict) or set(raw) != {"first", "last"}:
        raise _invalid(name)
    try:
        first, last = (dt.date.fromisoformat(raw[key]) for key in ("first", "last"))
    except (ValueError, TypeError):
        raise _invalid(name) from None
    if last < first:
        raise ConfigurationError(f"'observation' of {name} ends on {last}, before it begins on {first}.")
    return Period(first, last)


def _invalid(name: str) -> ConfigurationError:
    return ConfigurationError(
        f"'observation' of {name} must be 'observation: {{first: 2024-01-01, last: 2024-03-31}}', or such a period "
        "for each participant: 'observation: {p1: {first: ..., last: ...}}'."
    )
