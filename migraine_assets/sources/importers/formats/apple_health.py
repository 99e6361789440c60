"""Apple Health: `export.xml`, read as a stream. Headaches, sleep, menstruation and mindful minutes.

Source of the identifiers: Apple's HealthKit documentation. Not here: the ZIP around it (`sources.importers.archive`).
"""

import datetime as dt
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import BinaryIO, NoReturn
from xml.parsers import expat

from migraine_assets.core.contract import ATTACK
from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.delivery import HEAD, STREAMED_MARK
from migraine_assets.sources.files.limits import SourceLimits, exceeded
from migraine_assets.sources.importers.attacks import Attack, AttackList, Day
from migraine_assets.sources.importers.importer import Reader
from migraine_assets.sources.importers.sheets import Cell, cell_text
from migraine_assets.sources.importers.side_table import HEART_RATE, VARIABILITY, SideTable, number_of, side_table
from migraine_assets.sources.importers.times import local_time

HEADACHE = "HKCategoryTypeIdentifierHeadache"
SLEEP = "HKCategoryTypeIdentifierSleepAnalysis"
PERIOD = "HKCategoryTypeIdentifierMenstrualFlow"
MINDFUL = "HKCategoryTypeIdentifierMindfulSession"
# Measurements without a field in the contract, as daily means. They are read if parameters declare the field.
MEASURED: Mapping[str, str] = {
    "HKQuantityTypeIdentifierRestingHeartRate": HEART_RATE,
    "HKQuantityTypeIdentifierHeartRateVariabilitySDNN": VARIABILITY,
}
KINDS = frozenset({HEADACHE, SLEEP, PERIOD, MINDFUL, *MEASURED})
# Minutes per day, also read only if parameters declare the field.
MINUTES = "mindful_minutes"

# HealthKit's grades as the middle of the mild, moderate and severe ranges of a scale from 0 to 10.
SEVERITIES: Mapping[str, float | None] = {
    "HKCategoryValueSeverityUnspecified": None,
    "HKCategoryValueSeverityMild": 2.0,
    "HKCategoryValueSeverityModerate": 5.0,
    "HKCategoryValueSeveritySevere": 8.0,
}
ABSENT = "HKCategoryValueSeverityNotPresent"
NO_FLOW = frozenset({"HKCategoryValueMenstrualFlowNone", "HKCategoryValueVaginalBleedingNone"})
# Sleep that ends at this hour or later counts for the next day.
EVENING = 18

Record = Mapping[str, str]
_PART_BYTES = 1 << 20


def _is_export(content: bytes) -> bool:
    return STREAMED_MARK in content[:HEAD]


def _read(name: str, content: bytes, limits: SourceLimits) -> AttackList | SideTable:
    return _stream(name, io.BytesIO(content), limits)


def _stream(name: str, content: BinaryIO, limits: SourceLimits) -> AttackList | SideTable:
    attacks: list[Attack] = []
    slept: dict[dt.date, list[tuple[dt.datetime, dt.datetime]]] = defaultdict(list)
    measured: dict[str, dict[dt.date, list[float]]] = defaultdict(lambda: defaultdict(list))
    daily: dict[Day, dict[str, Cell]] = defaultdict(dict)
    for position, record in _records(name, content, limits):
        kind, value = record["type"], record.get("value", "")
        if kind == HEADACHE and value == ABSENT:
            daily[None, _time(name, position, record, "startDate").date()][ATTACK] = "0"
        elif kind == HEADACHE:
            attacks.append(_attack(name, position, record))
        elif kind == SLEEP and "Asleep" in value:
            start, end = (_time(name, position, record, key) for key in ("startDate", "endDate"))
            slept[_night_of(end)].append((start, end))
        elif kind == PERIOD and value not in NO_FLOW:
            daily[None, _time(name, position, record, "startDate").date()]["menstrual_cycle"] = "1"
        elif kind == MINDFUL:
            start, end = (_time(name, position, record, key) for key in ("startDate", "endDate"))
            measured[MINUTES][start.date()].append((end - start).total_seconds() / 60)
        elif kind in MEASURED and (number := number_of(value)) is not None:
            measured[MEASURED[kind]][_time(name, position, record, "startDate").date()].append(number)
    for day, spans in slept.items():
        daily[None, day]["sleep_hours"] = cell_text(round(_hours(spans), 4))
    for field, days in measured.items():
        for day, values in days.items():
            total = sum(values) if field == MINUTES else sum(values) / len(values)
            daily[None, day][field] = cell_text(round(total, 2))
    if attacks or not daily:
        return _attack_list(name, attacks, daily)
    return side_table(
        name, {day: cells for (_, day), cells in daily.items()}, "Apple Health without headaches", notes=_notes(name)
    )


def _attack_list(name: str, attacks: list[Attack], daily: Mapping[Day, Mapping[str, Cell]]) -> AttackList:
    if not attacks:
        raise DataRefused(f"{name} is an Apple Health export without a headache. Record headaches in Health first.")
    return AttackList(name, attacks, daily, _notes(name))


def _records(name: str, content: BinaryIO, limits: SourceLimits) -> Iterator[tuple[int, Record]]:
    """Yield the position and the attributes of each record of `KINDS`; the file is read in parts.

    Entities are refused, because they can expand without limit or refer to other files, and exports have none.
    """
    parser = expat.ParserCreate()
    position = 0
    records: list[tuple[int, Record]] = []

    def start(tag: str, attributes: Record) -> None:
        nonlocal position
        if tag == "Record":
            position += 1
            if attributes.get("type") in KINDS:
                records.append((position, attributes))

    def refuse(*_: object) -> NoReturn:
        raise DataRefused(f"{name} declares XML entities, which no Apple Health export does.")

    # Text and other elements have no handler, so they use no memory.
    parser.StartElementHandler = start
    parser.EntityDeclHandler = parser.ExternalEntityRefHandler = refuse
    fed = 0
    try:
        while part := content.read(_PART_BYTES):
            parser.Parse(part, False)
            fed += len(part)
            if fed - parser.CurrentByteIndex > limits.line_kib << 10:
                raise exceeded(name, "has an element that is too long", "line_kib", limits.line_kib)
            yield from records
            records.clear()
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise DataRefused(f"{name} is a damaged Apple Health export ({error}). Export it again.") from error


def _attack(name: str, position: int, record: Record) -> Attack:
    return Attack(
        start=_time(name, position, record, "startDate"),
        end=_time(name, position, record, "endDate"),
        line=position,
        severity=SEVERITIES.get(record.get("value", "")),
    )


def _time(name: str, position: int, record: Record, key: str) -> dt.datetime:
    return local_time(record.get(key, ""), file=name, line=position)


def _night_of(end: dt.datetime) -> dt.date:
    """Return the day to which a span of sleep counts: the day on which the night ends."""
    return end.date() + dt.timedelta(days=end.hour >= EVENING)


def _hours(spans: list[tuple[dt.datetime, dt.datetime]]) -> float:
    """Return the hours that the spans cover. Spans may overlap, since a watch and a phone record the same night."""
    total, until = dt.timedelta(), dt.datetime.min
    for start, end in sorted(spans):
        total += max(end - max(start, until), dt.timedelta())
        until = max(until, end)
    return total.total_seconds() / 3600


def _notes(name: str) -> tuple[str, ...]:
    return (
        f"{name}: severities are grades (mild, moderate, severe) and were read as 2, 5 and 8 of 10; "
        "times are those of the device.",
    )


APPLE_HEALTH = Reader("apple_health", "Apple Health (export.xml, or the ZIP of it).", _is_export, _read, _stream)
