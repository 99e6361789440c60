"""Conversion of a list of attacks to diary days.

Apps and clinics often record attacks with a start and an end instead of days. The days without an attack are then known
only if the period of observation is known. Not here: reading a list from a format (`sources.importers.formats`).
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from migraine_assets.core.contract import ATTACK, DURATION, SEVERITY
from migraine_assets.errors import DataRefused
from migraine_assets.sources.columns.observation import Observation
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers.sheets import Cell, cell_text, sheet_of_rows

# Longer attacks are refused: their start or end must be wrong.
LONGEST = dt.timedelta(days=31)


@dataclass(frozen=True)
class Attack:
    """One attack in the local time of the participant.

    `participant`: None if the list has a single participant. `end`: None if unknown; the attack then counts for the day
    of its start only. `severity`: 0 to 10. `fields`: other contract fields of the day on which it starts. `line`: line
    of the file, from 1.
    """

    start: dt.datetime
    line: int
    end: dt.datetime | None = None
    participant: str | None = None
    severity: float | None = None
    fields: Mapping[str, Cell] = field(default_factory=dict)


Day = tuple[str | None, dt.date]


@dataclass(frozen=True)
class AttackList:
    """The attacks of one file, and contract fields of days that the file records apart from attacks, such as sleep."""

    file: str
    attacks: Sequence[Attack]
    daily: Mapping[Day, Mapping[str, Cell]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


ADVICE = (
    "Write a mapping with the period in which every attack was recorded, and state what a day without an entry means: "
    "'observation: {first: 2024-01-01, last: 2024-03-31}' and 'unlisted_days: quiet' (or 'unknown')."
)


def days_of(attacks: AttackList, observation: Observation | None, timezone: str | None = None) -> Sheet:
    """Return one row for each known day; times with a zone are converted to `timezone`, if it is stated.

    A day during any part of an attack is an attack day, with the highest severity and the hours of all its attacks.
    Raises `DataRefused` if there is no period of observation, and for an attack that ends before it starts.
    """
    if observation is None:
        raise DataRefused(
            f"{attacks.file} lists {len(attacks.attacks)} attacks, but not the days without one, so an attack rate "
            f"cannot be computed. {ADVICE}"
        )
    days: dict[Day, dict[str, Cell]] = {}
    lines: dict[Day, int] = {}
    _refuse_utc(attacks, timezone)
    for attack in (_local(attack, timezone) for attack in attacks.attacks):
        for day, hours in _touched(attack, attacks.file):
            known = days.setdefault((attack.participant, day), {})
            _add(known, attack, hours)
            if day == attack.start.date():
                known |= {name: cell for name, cell in attack.fields.items() if cell is not None}
            lines.setdefault((attack.participant, day), attack.line)
    outside = _outside(days, observation)
    _add_observed(days, attacks, observation)
    listed_days = [key for key in sorted(days, key=lambda key: (key[0] or "", key[1])) if key not in outside]
    rows = [_row(key, days[key], attacks.daily.get(key, {})) for key in listed_days]
    if not rows:
        raise DataRefused(f"{attacks.file} has no attack and no day within the period of observation. {ADVICE}")
    notes = (*attacks.notes, *_notes(attacks, days, outside, observation))
    return sheet_of_rows(attacks.file, rows, lines=[lines.get(key, 0) for key in listed_days], notes=notes)


def _refuse_utc(attacks: AttackList, timezone: str | None) -> None:
    """Raise `DataRefused` if all times with a zone are in UTC, which is usually the zone of a server."""
    zoned = [attack.start for attack in attacks.attacks if attack.start.tzinfo is not None]
    if timezone or not zoned or any(start.utcoffset() for start in zoned):
        return
    if any(start.time() != dt.time() for start in zoned):
        raise DataRefused(
            f"{attacks.file} contains times in UTC, so an evening may fall on another day. State where the "
            "participants live, as a name such as Europe/Berlin or America/New_York (or UTC). Add to the mapping: "
            "timezone: Europe/Berlin"
        )


def _local(attack: Attack, timezone: str | None) -> Attack:
    """Return the attack in the stated zone, or in the zones that its times state, without the zones."""
    zone = ZoneInfo(timezone) if timezone else None

    def local(moment: dt.datetime) -> dt.datetime:
        return (moment.astimezone(zone) if zone and moment.tzinfo else moment).replace(tzinfo=None)

    return replace(attack, start=local(attack.start), end=None if attack.end is None else local(attack.end))


def _touched(attack: Attack, file: str) -> list[tuple[dt.date, float | None]]:
    """Return the days of `attack`, each with the hours of the attack on it; None if the end is unknown."""
    if attack.end is None:
        return [(attack.start.date(), None)]
    if not dt.timedelta() <= attack.end - attack.start <= LONGEST:
        raise DataRefused(
            f"{file} line {attack.line}: the attack lasts from {attack.start} to {attack.end}. Correct its start or "
            f"end; an attack of more than {LONGEST.days} days is not accepted."
        )
    days: list[tuple[dt.date, float | None]] = []
    day = attack.start.date()
    while True:
        midnight = dt.datetime.combine(day, dt.time())
        begin, end = max(attack.start, midnight), min(attack.end, midnight + dt.timedelta(days=1))
        days.append((day, (end - begin).total_seconds() / 3600))
        day += dt.timedelta(days=1)
        if dt.datetime.combine(day, dt.time()) >= attack.end:
            return days


def _add(day: dict[str, Cell], attack: Attack, hours: float | None) -> None:
    day[ATTACK] = "1"
    known = float(day[SEVERITY] or 0) if day.get(SEVERITY) else None
    if attack.severity is not None:
        day[SEVERITY] = cell_text(max(attack.severity, known or 0.0))
    if hours is not None:
        day[DURATION] = cell_text(round(float(day.get(DURATION) or 0) + hours, 4))


def _outside(days: Mapping[Day, object], observation: Observation) -> set[Day]:
    """Return the days outside the period of observation. Raises `DataRefused` if a participant has no period."""
    outside = set()
    for participant, day in days:
        period = observation.period(participant)
        if period is None:
            raise DataRefused(
                "The mapping gives no period of observation for some participants of the list. Name each under "
                "'observation', or give 'first' and 'last' for all."
            )
        if not period.first <= day <= period.last:
            outside.add((participant, day))
    return outside


def _add_observed(days: dict[Day, dict[str, Cell]], attacks: AttackList, observation: Observation) -> None:
    participants = dict.fromkeys([participant for participant, _ in (*days, *attacks.daily)])
    quiet = "0" if observation.unlisted == "quiet" else None
    for participant in participants or {None: None}:
        period = observation.period(participant)
        for day in period.days() if period else ():
            if quiet or (participant, day) in attacks.daily:
                # The outcome of days without an attack is in `daily`.
                days.setdefault((participant, day), {ATTACK: quiet} if quiet else {})


def _row(key: Day, day: Mapping[str, Cell], daily: Mapping[str, Cell]) -> dict[str, Cell]:
    participant, date = key
    name = {"participant_id": participant} if participant is not None else {}
    return {**name, "date": date.isoformat(), ATTACK: None, **daily, **day}


def _notes(
    attacks: AttackList, days: Mapping[Day, Mapping[str, Cell]], outside: set[Day], observation: Observation
) -> tuple[str, ...]:
    attack_days = sum(day.get(ATTACK) == "1" for key, day in days.items() if key not in outside)
    others = len(days) - len(outside) - attack_days
    meaning = "quiet, as the mapping states" if observation.unlisted == "quiet" else "unknown"
    notes = [
        f"{attacks.file}: {len(attacks.attacks)} attacks were read as {attack_days} attack days; "
        f"{others} observed days without an attack are {meaning}."
    ]
    if outside:
        notes.append(f"{attacks.file}: {len(outside)} attack days outside the period of observation were left out.")
    return tuple(notes)
