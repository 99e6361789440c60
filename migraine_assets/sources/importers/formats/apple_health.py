"""Apple Health: `export.xml`, read as a stream. Headaches, sleep, menstruation and mindful minutes.

Source of the identifiers: Apple's HealthKit documentation. Not here: the ZIP around it (`sources.importers.archive`).
"""

import datetime as dt
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping

from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.limits import SourceLimits
from migraine_assets.sources.importers.attacks import Attack, AttackList, Day
from migraine_assets.sources.importers.importer import Reader
from migraine_assets.sources.importers.sheets import Cell, cell_text
from migraine_assets.sources.importers.times import local_time

HEADACHE = "HKCategoryTypeIdentifierHeadache"
SLEEP = "HKCategoryTypeIdentifierSleepAnalysis"
PERIOD = "HKCategoryTypeIdentifierMenstrualFlow"

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


def _is_export(content: bytes) -> bool:
    return b"<HealthData" in content[:65_536]


def _read(name: str, content: bytes, _: SourceLimits) -> AttackList:
    attacks: list[Attack] = []
    slept: dict[dt.date, list[tuple[dt.datetime, dt.datetime]]] = defaultdict(list)
    daily: dict[Day, dict[str, Cell]] = defaultdict(dict)
    for position, record in enumerate(_records(name, content), 1):
        kind = record.get("type")
        if kind == HEADACHE and record.get("value") == ABSENT:
            daily[None, _time(name, position, record, "startDate").date()]["migraine_occurrence"] = "0"
        elif kind == HEADACHE:
            attacks.append(_attack(name, position, record))
        elif kind == SLEEP and "Asleep" in record.get("value", ""):
            start, end = (_time(name, position, record, key) for key in ("startDate", "endDate"))
            slept[_night_of(end)].append((start, end))
        elif kind == PERIOD and record.get("value") not in NO_FLOW:
            daily[None, _time(name, position, record, "startDate").date()]["menstrual_cycle"] = "1"
    for day, spans in slept.items():
        daily[None, day]["sleep_hours"] = cell_text(round(_hours(spans), 4))
    if not attacks:
        raise DataRefused(f"{name} is an Apple Health export without a headache. Record headaches in Health first.")
    return AttackList(name, attacks, daily, _notes(name))


def _records(name: str, content: bytes) -> Iterator[Record]:
    """Yield the attributes of each record, with only one record in memory at a time.

    Entities are refused, because they can expand without limit or refer to other files, and exports have none.
    """
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    record_types = (HEADACHE, SLEEP, PERIOD)
    try:
        parsed = iterparse(io.BytesIO(content), events=("start", "end"), forbid_entities=True)
        _, root = next(parsed)
        for event, element in parsed:
            if event == "end" and element.tag == "Record":
                if element.get("type") in record_types:
                    yield dict(element.attrib)
                root.clear()
    except ParseError as error:
        raise DataRefused(f"{name} is a damaged Apple Health export ({error}). Export it again.") from error
    except DefusedXmlException as error:
        raise DataRefused(f"{name} declares XML entities, which no Apple Health export does.") from error


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


APPLE_HEALTH = Reader("apple_health", "Apple Health (export.xml, or the ZIP of it).", _is_export, _read)
