"""Open-Meteo: the weather of one place, as CSV or JSON, by day or by hour.

Hourly values become daily means; a day with missing hours has no mean. The temperature change is the difference of the
means of two consecutive days. Not here: fetching the weather (`sources.weather`).
"""

import csv
import datetime as dt
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.encoding import utf8
from migraine_assets.sources.files.limits import SourceLimits
from migraine_assets.sources.importers.importer import NoDiary, Reader
from migraine_assets.sources.importers.json_values import as_list, as_mapping, as_number, load_json
from migraine_assets.sources.importers.sheets import Cell, cell_text
from migraine_assets.sources.importers.side_table import SideTable, number_of, side_table

_WHAT = "Open-Meteo"
_CSV_HEAD = re.compile(rb'^"?(?:location_id"?,"?)?latitude"?,"?longitude"?,', re.IGNORECASE)
_COLUMN = re.compile(r"(?P<name>[a-z0-9_]+)\s*(?:\((?P<unit>[^)]*)\))?$")
# Minimum share of the usual hours of a day; at the ends of a period and after failures of a station, hours are missing.
_COMPLETE = 0.9
_FROM_FAHRENHEIT = 5 / 9


@dataclass(frozen=True)
class Variable:
    """A field and the variables from which it is read; the first one that exists is used."""

    field: str
    hourly: tuple[str, ...]
    daily: tuple[str, ...]
    note: str = ""


VARIABLES: tuple[Variable, ...] = (
    Variable("weather_pressure", ("pressure_msl", "surface_pressure"), ("pressure_msl_mean", "surface_pressure_mean")),
    Variable("humidity", ("relative_humidity_2m", "relativehumidity_2m"), ("relative_humidity_2m_mean",)),
    Variable("air_quality", ("european_aqi", "us_aqi"), ()),
)
_TEMPERATURE = Variable("temperature_change", ("temperature_2m",), ("temperature_2m_mean",))
_EXTREMES = ("temperature_2m_max", "temperature_2m_min")

Series = Mapping[str, Sequence[Cell | float]]


@dataclass(frozen=True)
class Block:
    """A table of the response: its times, its columns by name without unit, the units, and other columns."""

    times: Sequence[str]
    columns: dict[str, list[float | None]]
    units: dict[str, str]
    others: dict[str, list[Cell]]

    @property
    def hourly(self) -> bool:
        return any("T" in time for time in self.times)


def _is_csv(content: bytes) -> bool:
    return _CSV_HEAD.match(content.lstrip(b"\xef\xbb\xbf")) is not None


def _read_csv(name: str, content: bytes, _limits: SourceLimits) -> SideTable:
    body, _ = utf8(name, content)
    tables = [part for part in re.split(r"\n\s*\n", body.decode().replace("\r\n", "\n").lstrip("\ufeff")) if part]
    places = list(csv.DictReader(io.StringIO(tables[0])))
    _refuse_several(name, len(places))
    offset = int(number_of(places[0].get("utc_offset_seconds")) or 0)
    return _table(name, [_csv_block(name, table, offset) for table in tables[1:]], places[0])


def _csv_block(name: str, table: str, offset: int) -> Block:
    header, *rows = list(csv.reader(io.StringIO(table)))
    matches = [_COLUMN.match(column.strip()) for column in header]
    names = [match["name"] if match else column for match, column in zip(matches, header, strict=True)]
    if "time" not in names or any(len(row) != len(header) for row in rows):
        raise DataRefused(f"{name} is a damaged export of Open-Meteo: a table has no time. Export it again.")
    cells = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)) if rows else {key: [] for key in names}
    times = [_local(text, offset) for text in cells.pop("time")]
    units = {match["name"]: match["unit"] or "" for match in matches if match}
    return _block(times, cells, units)


def _is_document(content: bytes) -> bool:
    sample = content[: 1 << 16].lstrip(b"\xef\xbb\xbf \t\r\n")
    return sample.startswith((b"{", b"[")) and b'"latitude"' in sample and b'_units"' in sample


def _read_document(name: str, content: bytes, _: SourceLimits) -> SideTable:
    document = load_json(name, content, "Open-Meteo export")
    places = document if isinstance(document, list) else [document]
    _refuse_several(name, len(places))
    place = as_mapping(places[0])
    offset = int(as_number(place.get("utc_offset_seconds")) or 0)
    blocks = []
    for key in ("hourly", "daily"):
        cells = {str(column): as_list(values) for column, values in as_mapping(place.get(key)).items()}
        times = [_local(str(time), offset) for time in cells.pop("time", [])]
        if any(len(values) != len(times) for values in cells.values()):
            raise DataRefused(
                f"{name} is a damaged export of Open-Meteo: its columns differ in length. Export it again."
            )
        units = {str(column): str(unit) for column, unit in as_mapping(place.get(f"{key}_units")).items()}
        blocks.append(_block(times, cells, units))
    return _table(name, blocks, place)


def _block(times: list[str], cells: Mapping[str, Sequence[object]], units: dict[str, str]) -> Block:
    known = {name for variable in (*VARIABLES, _TEMPERATURE) for name in (*variable.hourly, *variable.daily)}
    columns = {
        name: [_value(cell) for cell in column] for name, column in cells.items() if name in {*known, *_EXTREMES}
    }
    others = {name: [cell_text(cell) for cell in column] for name, column in cells.items() if name not in columns}
    return Block(times, columns, units, others)


def _value(cell: object) -> float | None:
    return number_of(cell) if isinstance(cell, str) else as_number(cell)


def _local(text: str, offset: int) -> str:
    """Return the local time of `text`, which is that time or seconds since 1970."""
    if re.fullmatch(r"\d{8,11}", text):
        moment = dt.datetime.fromtimestamp(int(text), dt.UTC) + dt.timedelta(seconds=offset)
        return moment.strftime("%Y-%m-%dT%H:%M")
    return text


def _table(name: str, blocks: Sequence[Block], place: Mapping[str, object]) -> SideTable:
    days: dict[dt.date, dict[str, Cell]] = defaultdict(dict)
    read: list[str] = []
    partial: set[dt.date] = set()
    for block in blocks:
        for variable in VARIABLES:
            for column, by_day in _daily(block, variable, partial):
                read.append(f"{column} as {variable.field}")
                _put(days, variable.field, by_day)
        for column, by_day in _temperatures(block, partial):
            read.append(f"{column} as temperature_change")
            _put(days, "temperature_change", _changes(by_day))
        if not block.hourly:
            for other, cells in block.others.items():
                for time, cell in zip(block.times, cells, strict=True):
                    days[dt.date.fromisoformat(time[:10])][other] = cell
    if not read:
        known = ", ".join((*VARIABLES[0].hourly, *VARIABLES[1].hourly[:1], *_TEMPERATURE.hourly))
        raise NoDiary(f"{name} is an export of Open-Meteo without a variable of the diary, such as {known}.")
    # Notes are stored, so they give the place of a person only as exactly as its weather requires.
    latitude, longitude = (_value(place.get(key)) for key in ("latitude", "longitude"))
    where = f"{latitude or 0:.1f}, {longitude or 0:.1f} ({place.get('timezone') or 'no time zone'})"
    notes = [f"{name} is the weather of Open-Meteo at {where}: {', '.join(dict.fromkeys(read))}."]
    if place.get("timezone") in ("GMT", "UTC", "Etc/UTC", None):
        notes.append(f"{name}: its days are those of UTC. State the local time zone in the request, as timezone=auto.")
    if partial:
        notes.append(f"{name}: {len(partial)} days with missing hours have no values.")
    return side_table(name, days, _WHAT, notes=notes, of_place=True)


def _put(days: dict[dt.date, dict[str, Cell]], field: str, values: Mapping[dt.date, float]) -> None:
    for day, value in values.items():
        days[day].setdefault(field, cell_text(round(value, 3)))


def _daily(block: Block, variable: Variable, partial: set[dt.date]) -> Iterator[tuple[str, Mapping[dt.date, float]]]:
    names = variable.hourly if block.hourly else variable.daily
    column = next((name for name in names if name in block.columns), None)
    if column is not None:
        yield column, _means(block, block.columns[column], partial)


def _temperatures(block: Block, partial: set[dt.date]) -> Iterator[tuple[str, Mapping[dt.date, float]]]:
    """Yield the daily temperatures in °C: the means, or the midpoints of the extremes."""
    series = list(_daily(block, _TEMPERATURE, partial))
    if not series and not block.hourly and all(name in block.columns for name in _EXTREMES):
        pairs = zip(*(block.columns[name] for name in _EXTREMES), strict=True)
        middle = [None if high is None or low is None else (high + low) / 2 for high, low in pairs]
        series = [("the middle of temperature_2m_max and _min", _means(block, middle, partial))]
    for column, by_day in series:
        unit = block.units.get(column, block.units.get(_EXTREMES[0], ""))
        scale = _FROM_FAHRENHEIT if "F" in unit else 1.0
        yield column, {day: value * scale for day, value in by_day.items()}


def _means(block: Block, values: Sequence[float | None], partial: set[dt.date]) -> Mapping[dt.date, float]:
    by_day: dict[dt.date, list[float | None]] = defaultdict(list)
    for time, value in zip(block.times, values, strict=True):
        by_day[dt.date.fromisoformat(time[:10])].append(value)
    usual = Counter(len(hours) for hours in by_day.values()).most_common(1)[0][0] if by_day else 1
    # One or two days do not show the usual number of hours. If a day has more than 8, values are hourly.
    needed = _COMPLETE * (24 if block.hourly and usual > 8 else usual)
    means: dict[dt.date, float] = {}
    for day, hours in by_day.items():
        known = [hour for hour in hours if hour is not None]
        if len(known) >= needed:
            means[day] = sum(known) / len(known)
        else:
            partial.add(day)
    return means


def _changes(by_day: Mapping[dt.date, float]) -> Mapping[dt.date, float]:
    before = dt.timedelta(days=1)
    return {day: value - by_day[day - before] for day, value in by_day.items() if day - before in by_day}


def _refuse_several(name: str, places: int) -> None:
    if places != 1:
        raise DataRefused(f"{name} has the weather of {places} places. Export one place to a file, and join each.")


OPEN_METEO_CSV = Reader("open_meteo", "Open-Meteo (CSV): the weather of a place.", _is_csv, _read_csv)
OPEN_METEO_DOCUMENT = Reader(
    "open_meteo_json", "Open-Meteo (JSON): the weather of a place.", _is_document, _read_document
)
