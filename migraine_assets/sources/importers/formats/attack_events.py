"""Tables with one row for each attack: a start, and an end or a duration.

Not here: turning attacks into days (`sources.importers.attacks`), mappings of such a table
(`sources.columns.observation`).
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from migraine_assets.core.contract import BY_NAME, SEVERITY
from migraine_assets.core.diary.aliases import canonical
from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.sources.columns.advice import remedy
from migraine_assets.sources.columns.binding import listed
from migraine_assets.sources.columns.observation import EventColumns
from migraine_assets.sources.columns.stated_units import conversion, split_header
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers.attacks import Attack, AttackList
from migraine_assets.sources.importers.event_cells import EventCells
from migraine_assets.sources.importers.importer import Shape
from migraine_assets.sources.importers.sheets import Cell, rows_of

STARTS = ("start", "starttime", "startdate", "started", "attackstart", "onset", "begin", "startedat")
ENDS = ("end", "endtime", "enddate", "ended", "attackend", "endedat")
DATES = ("date", "startdate", "day")
DURATIONS = ("duration", "lasted", "durationh", "durationhours", "durationmin", "durationmins", "durationminutes")
SEVERITIES = ("severity", "intensity", "painlevel", "pain", "migraineseverity", "migraineintensity")
PARTICIPANTS = ("participant", "participantid", "patient", "patientid", "subject", "subjectid", "userid")
ATTACK_WORDS = ("attack", "migraine", "headache")
# If this many severities are in the lower half of the scale, the scale is probably another.
_MANY, _HALF = 20, 5.0
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2})?(\s*[AaPp]\.?[Mm]\.?)?$")
DRUGS = ("medication", "medications", "medicine", "drug")


def guessed(sheet: Sheet) -> EventColumns | None:
    """Return the columns of a table of attacks, recognized by their names; None if the table is not one."""
    # A header may state a unit or a scale: Pain (0-10).
    by_name = {canonical(split_header(name)[0]): name for name in reversed(sheet.header)}
    by_name |= {canonical(name): name for name in reversed(sheet.header)}

    def first(names: tuple[str, ...]) -> str | None:
        return next((by_name[name] for name in names if name in by_name), None)

    start, end, lasted, severity = first(STARTS), first(ENDS), first(DURATIONS), first(SEVERITIES)
    # Tables of other events, such as sleep, also have a start and an end.
    of_attacks = severity is not None or any(word in name for name in by_name for word in ATTACK_WORDS)
    if start is None or (end is None and lasted is None) or not of_attacks:
        return None
    return EventColumns(
        start, end, lasted if end is None else None, first(SEVERITIES), first(PARTICIPANTS), first(DRUGS)
    )


def attack_list(sheet: Sheet, columns: EventColumns) -> AttackList:
    """Return the attacks in `sheet`. Raises `ConfigurationError` for a missing column, `DataRefused` for bad cells."""
    if missing := [name for name in columns.named if name not in sheet.header]:
        raise ConfigurationError(
            f"The mapping reads attacks from {listed(missing)}, which {sheet.file} does not have. "
            f"It has {listed(sheet.header)}."
        )
    rows = [(int(line), row) for line, row in zip(sheet.lines, rows_of(sheet), strict=True) if row[columns.start]]
    overnight = _add_dates(sheet, rows, columns)
    lasted = [row[columns.duration] or "" for _, row in rows] if columns.duration else []
    unit = split_header(columns.duration or "")[1] or (columns.duration or "")
    cells = EventCells(
        sheet.file,
        columns.start,
        [row[columns.start] or "" for _, row in rows],
        lasted,
        ends=[row[columns.end] or "" for _, row in rows] if columns.end else (),
        day_first=sheet.day_first,
        overnight=overnight,
        severities=[row[columns.severity] or "" for _, row in rows] if columns.severity else (),
        scale=_scale(columns),
        comma_file=sheet.decimal_comma,
        minutes=_in_minutes(unit),
    )
    attacks = [attack for line, row in rows if (attack := _attack(cells, line, row, columns)) is not None]
    _refuse_other_scale(sheet, columns, [attack.severity for attack in attacks if attack.severity is not None])
    return AttackList(sheet.file, attacks, notes=(_note(sheet, columns), *cells.notes()))


def _refuse_other_scale(sheet: Sheet, columns: EventColumns, severities: Sequence[float]) -> None:
    """Raise `DataRefused` if no scale is stated and all of many severities are in the lower half of 0 to 10."""
    stated = columns.scale or split_header(columns.severity or "")[1]
    if stated or len(severities) < _MANY or max(severities) > _HALF:
        return
    shorter = f"0-{3 if max(severities) <= 3 else 5}"
    named = {key: json.dumps(column, ensure_ascii=False) for key, column in asdict(columns).items() if column}
    line = ", ".join(f"{key}: {column}" for key, column in {**named, "scale": shorter}.items())
    raise DataRefused(
        f"{sheet.file}: column '{columns.severity}' goes from {min(severities):g} to {max(severities):g}, so its scale "
        f"may be {shorter} or 0-10. State it, for example {shorter}. {remedy(f'{{events: {{{line}}}}}')}"
    )


def _scale(columns: EventColumns) -> tuple[float, float]:
    """Return factor and offset of the stated scale, or of that in a header such as `Pain (0-100)`; 1 and 0 if none."""
    scale = columns.scale or split_header(columns.severity or "")[1]
    return (conversion(BY_NAME[SEVERITY], scale) if scale else None) or (1.0, 0.0)


def _in_minutes(unit: str) -> bool | None:
    """Return whether the unit in a header is minutes; None if it states none."""
    if "min" in unit.casefold():
        return True
    return False if canonical(unit).endswith(("h", "hours", "hrs")) else None


def _add_dates(sheet: Sheet, rows: list[tuple[int, dict[str, Cell]]], columns: EventColumns) -> bool:
    """Add the date of another column to times of day, in place. Return whether any time had no date."""
    date = next((name for name in sheet.header if canonical(name) in DATES), None)
    if date is None or not rows or not all(_CLOCK.match((row[columns.start] or "").strip()) for _, row in rows):
        return False
    for _, row in rows:
        for name in (columns.start, columns.end):
            if name and row[name] and _CLOCK.match((row[name] or "").strip()):
                row[name] = f"{row[date]} {row[name]}"
    return True


def _attack(cells: EventCells, line: int, row: Mapping[str, Cell], columns: EventColumns) -> Attack | None:
    start = cells.time(row[columns.start], line, "start")
    if start is None:
        return None
    end = row[columns.end] if columns.end else None
    lasted = row[columns.duration] if columns.duration else None
    drug = {"medication": _drug_flag(row[columns.medication])} if columns.medication else {}
    return Attack(
        start=start,
        end=cells.end(start, end, lasted, line),
        line=line,
        participant=row[columns.participant] if columns.participant else None,
        severity=cells.severity(row[columns.severity], line) if columns.severity else None,
        fields=drug,
    )


def _drug_flag(cell: Cell) -> Cell:
    """Return 1 for the name of a drug or a yes, 0 for a no or an empty cell."""
    return "0" if cell is None or cell.strip().casefold() in ("", "no", "none", "0", "false", "-") else "1"


def _note(sheet: Sheet, columns: EventColumns) -> str:
    end = columns.end or columns.duration
    parts = [f"starts in '{columns.start}'", *([f"ends by '{end}'"] if end else [])]
    parts += [f"severity in '{columns.severity}'"] if columns.severity else []
    parts += [f"participants in '{columns.participant}'"] if columns.participant else []
    return f"{sheet.file} was read as a list of attacks: {', '.join(parts)}."


def _is_events(sheet: Sheet) -> bool:
    names = {canonical(name) for name in sheet.header}
    return "migraineoccurrence" not in names and guessed(sheet) is not None


def _reshape(sheet: Sheet) -> AttackList:
    columns = guessed(sheet)
    assert columns is not None  # recognized
    return attack_list(sheet, columns)


ATTACK_EVENTS = Shape(
    "attack_events", "A table with one row for each attack: start, and end or duration.", _is_events, _reshape
)
