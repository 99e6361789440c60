"""Mapping files: which column of a source is which contract field, and how its values are converted.

Defines the mapping and parses its YAML. Not here: matching columns without a mapping (`sources.columns.binding`),
applying a mapping (`sources.columns.coercion`).

    description: one sentence
    horizon: 0                       # default: 1 with dates, 0 without
    timezone: Europe/Berlin          # of times in UTC or in another zone
    day_first: true                  # in dates such as 3/4/2024
    encoding: cp1251                 # of text files that are not UTF-8
    decimal: ","                     # marks of numbers, here or for one column
    thousands: "."
    skip_rows: 3                     # lines above the header
    ignore: [notes]                  # columns that are not read
    entries: day                     # several rows of a day become one
    sheet: Diary                     # of a workbook, if not the first with a table
    columns:                         # contract field: column, or a table
      participant_id: Patient        # or [site, patient], or {from: file_name}
      duration_h: {column: duration_min, unit: min}
      stress_level: {column: stress, unit: 0-100}   # the ends of its scale
      hydration: {column: water, entries: sum}      # mean, max, min, sum, first or last of the entries of a day
      weather_pressure: {column: p, scale: 33.86, offset: 0}
      date: {column: day, format: "%d/%m/%Y"}       # or {column: day, epoch: 1990-01-01} for a day index
      migraine_occurrence: {column: attack, recode: {yes: 1, no: 0, unknown: null}}   # "*": any other
      physical_activity: "exercise#2"               # the second of two columns of that name
    constants: {sex: F}
    match_names: true                # also read columns whose names match; the default is only without columns

    join:                            # other files of the delivery, joined by participant and date, or by one of them
      - file: "weather*.csv"         # a name or a pattern; columns and other keys as above
        columns: {date: day, weather_pressure: {column: p, unit: hPa}}
        participants: [p1, p2]       # for a table without participants; or all

A list of attacks has the keys of `sources.columns.observation` instead of, or beside, columns.
"""

import dataclasses
import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from migraine_assets.core.contract import CONTRACT, Contract, Field
from migraine_assets.core.features.diary import MAX_HORIZON
from migraine_assets.errors import ConfigurationError
from migraine_assets.sources.columns import mapping_values as values
from migraine_assets.sources.columns.mapping_yaml import MappingLoader
from migraine_assets.sources.columns.observation import EventColumns, Observation, parse_events, parse_observation
from migraine_assets.sources.columns.stated_units import conversion, known_units

_TOP = (
    "description", "horizon", "columns", "constants", "match_names", "events", "observation",
    "unlisted_days", "timezone", "day_first", "encoding", "decimal", "thousands",
    "skip_rows", "ignore", "entries", "sheet", "join",
)  # fmt: skip
# A mapping with one of these needs no columns.
_WITHOUT_COLUMNS = (
    "match_names", "timezone", "day_first", "encoding", "decimal", "thousands", "skip_rows", "ignore", "entries",
    "sheet", "join",
)  # fmt: skip
_JOINED = (
    "file", "participants", "columns", "constants", "match_names", "timezone", "day_first", "encoding", "decimal",
    "thousands", "skip_rows", "ignore", "entries", "sheet",
)  # fmt: skip
EVERYBODY = "all"
_COLUMN = (
    "column", "unit", "scale", "offset", "recode", "format", "epoch", "decimal", "thousands", "entries", "from",
)  # fmt: skip
ENTRIES = ("mean", "max", "min", "sum", "first", "last")


@dataclass(frozen=True)
class Column:
    """A column of a source and its conversion to one contract field.

    Cells in `recode` are replaced; other numbers are multiplied by `scale`, then `offset` is added. `format` is a
    strptime format; with `epoch` the cells are whole days since that date. `stated`: whether the unit is known and so
    is not guessed. `entries`: the rule that merges the entries of a day. `joined`: further columns that identify a
    participant together with `column`. `file_name`: whether the name of the file is the participant.
    """

    field: Field
    column: str
    scale: float = 1.0
    offset: float = 0.0
    recode: Mapping[str, str] = dataclasses.field(default_factory=dict)
    format: str | None = None
    epoch: datetime.date | None = None
    stated: bool = False
    decimal: str | None = None
    thousands: str | None = None
    entries: str | None = None
    joined: tuple[str, ...] = ()
    file_name: bool = False


@dataclass(frozen=True)
class SourceMapping:
    """The content of a mapping file; `text` is the file itself, kept with the delivery."""

    columns: tuple[Column, ...]
    constants: Mapping[str, str] = dataclasses.field(default_factory=dict)
    horizon: int | None = None
    description: str = ""
    match_names: bool = False
    text: str = ""
    events: EventColumns | None = None
    observation: Observation | None = None
    timezone: str | None = None
    day_first: bool | None = None
    encoding: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    skip_rows: int = 0
    ignore: tuple[str, ...] = ()
    entries: bool = False
    sheet: str | None = None
    join: "tuple[Join, ...]" = ()


@dataclass(frozen=True)
class Join:
    """An entry under `join`: a name or pattern of files that are joined to the diary, and their mapping.

    `participants`: the participants that a table without participants describes; (`EVERYBODY`,) for all, empty if not
    stated.
    """

    file: str
    mapping: SourceMapping
    participants: tuple[str, ...] = ()


def parse_mapping(text: str, *, name: str, contract: Contract = CONTRACT) -> SourceMapping:
    """Parse the mapping in `text` to fields of `contract`; `name` identifies it in errors.

    Raises `ConfigurationError` for an invalid mapping; for an unknown key it suggests the nearest valid one.
    """
    try:
        # Scalars stay text: YAML would turn `yes` in a recoding into true, and `010` into eight.
        document = yaml.load(text, Loader=MappingLoader)
    except yaml.YAMLError as error:
        raise ConfigurationError(f"The mapping {name} is not valid YAML: {error}.") from error
    return _parse(values.table(document, _TOP, where=f"The mapping {name}"), text=text, name=name, contract=contract)


def _parse(top: Mapping[str, Any], *, text: str, name: str, contract: Contract) -> SourceMapping:
    columns = values.table(
        top.get("columns", {}), contract.names(), where=f"'columns' of {name}", what="contract field"
    )
    constants = values.table(
        top.get("constants", {}), contract.names(), where=f"'constants' of {name}", what="contract field"
    )
    observation = parse_observation(top.get("observation"), top.get("unlisted_days"), name=name)
    if not columns and observation is None and "events" not in top and not set(top) & set(_WITHOUT_COLUMNS):
        raise ConfigurationError(
            f"The mapping {name} has no 'columns'. Name at least the outcome: "
            "'columns: {migraine_occurrence: <column>}'."
        )
    both = sorted(set(columns) & set(constants))
    if both:
        raise ConfigurationError(f"The mapping {name} gives {both[0]} both a column and a constant. Remove one.")
    return SourceMapping(
        columns=tuple(
            _column(field, columns[field.name], name=name) for field in contract.fields if field.name in columns
        ),
        constants={key: values.scalar(value, where=f"{key} in {name}") for key, value in constants.items()},
        horizon=_horizon(top.get("horizon"), name=name),
        description=values.scalar(top.get("description", ""), where=f"'description' of {name}"),
        match_names=values.boolean(
            top.get("match_names", "false" if columns else "true"), where=f"'match_names' of {name}"
        ),
        text=text,
        events=parse_events(top.get("events"), name=name),
        observation=observation,
        timezone=values.checked(
            top.get("timezone"), values.is_timezone, "a zone such as Europe/Berlin", f"'timezone' of {name}"
        ),
        day_first=values.boolean(top["day_first"], where=f"'day_first' of {name}") if "day_first" in top else None,
        encoding=values.checked(
            top.get("encoding"), values.is_encoding, "a name such as cp1251", f"'encoding' of {name}"
        ),
        decimal=values.mark(top, "decimal", where=name),
        thousands=values.mark(top, "thousands", where=name),
        skip_rows=values.count(top.get("skip_rows", "0"), where=f"'skip_rows' of {name}"),
        ignore=values.names(top.get("ignore", []), where=f"'ignore' of {name}"),
        entries=values.checked(top.get("entries"), ("day",).__contains__, "day", f"'entries' of {name}") is not None,
        sheet=values.scalar(top["sheet"], where=f"'sheet' of {name}") if "sheet" in top else None,
        join=_joins(top.get("join"), name=name, contract=contract),
    )


def _joins(raw: Any, *, name: str, contract: Contract) -> tuple[Join, ...]:
    if raw is None:
        return ()
    if not isinstance(raw, list) or not raw:
        raise ConfigurationError(f"'join' of {name} must be a list of files: '- file: weather.csv'.")
    return tuple(_join(entry, name=name, contract=contract) for entry in raw)


def _join(raw: Any, *, name: str, contract: Contract) -> Join:
    table = values.table(raw, _JOINED, where=f"'join' of {name}")
    if not table.get("file"):
        raise ConfigurationError(f"'join' of {name} names no file. Write '- file: weather.csv'.")
    file = values.scalar(table["file"], where=f"'file' of {name}")
    outcomes = set(contract.names("outcome")) & {*table.get("columns", ()), *table.get("constants", ())}
    if outcomes:
        raise ConfigurationError(
            f"'join' of {name} reads {min(outcomes)} from {file}. An outcome is part of the diary and is never joined: "
            "remove it there, or give the file as a diary."
        )
    own = {key: value for key, value in table.items() if key not in ("file", "participants")}
    # Without other keys, its format or its column names are recognized.
    mapping = _parse(own or {"match_names": "true"}, text="", name=f"'{file}' in {name}", contract=contract)
    return Join(file, mapping, values.names(table.get("participants", []), where=f"'participants' of {name}"))


def normal(cell: str) -> str:
    """Normalize a cell for recodings: trimmed, case-folded, `1.0` equal to `1`."""
    folded = cell.strip().casefold()
    try:
        number = float(folded)
    except ValueError:
        return folded
    return f"{number:.15g}"


def _column(target: Field, raw: Any, *, name: str) -> Column:
    where = f"{target.name} in {name}"
    if isinstance(raw, str):
        raw = {"column": raw}
    if isinstance(raw, list) and target.name == "participant_id" and raw:
        first, *joined = values.names(raw, where=where)
        return Column(target, first, joined=tuple(joined))
    table = values.table(raw, _COLUMN, where=f"'{target.name}' of {name}")
    if "from" in table:
        if target.name != "participant_id" or table != {"from": "file_name"}:
            raise ConfigurationError(f"{where}: only a participant can be read from the file: {{from: file_name}}.")
        return Column(target, "(file name)", file_name=True)
    if not table.get("column"):
        raise ConfigurationError(f"{where} names no column. Write 'column: <name in the file>'.")
    _refuse_misplaced(target, table, where=where)
    recoded = values.table(table.get("recode", {}), None, where=f"'recode' of {where}")
    recode = {normal(key): values.scalar(value, where=where) for key, value in recoded.items()}
    scale = values.scale(table.get("scale", "1"), where=f"'scale' of {where}")
    offset = values.number(table.get("offset", "0"), where=f"'offset' of {where}")
    factor, shift = _unit(target, table, where=where)
    return Column(
        target,
        values.scalar(table["column"], where=where),
        scale=factor * scale,
        offset=offset + shift,
        recode=recode,
        stated=bool({"unit", "scale", "offset"} & set(table)),
        decimal=values.mark(table, "decimal", where=where),
        thousands=values.mark(table, "thousands", where=where),
        entries=values.checked(table.get("entries"), ENTRIES.__contains__, f"one of {', '.join(ENTRIES)}", where),
        format=values.scalar(table["format"], where=where) if "format" in table else None,
        epoch=values.date(table["epoch"], where=f"'epoch' of {where}") if "epoch" in table else None,
    )


def _refuse_misplaced(target: Field, table: Mapping[str, Any], *, where: str) -> None:
    dates, numbers = {"format", "epoch"}, {"unit", "scale", "offset"}
    wrong = (set() if target.kind == "date" else dates) | (set() if target.kind == "number" else numbers)
    for key in sorted(wrong & set(table)):
        raise ConfigurationError(f"{where} has '{key}', which does not apply to a {target.kind}. Remove it.")
    if dates <= set(table):
        raise ConfigurationError(f"{where} has both 'format' and 'epoch'. Keep one.")


def _unit(target: Field, table: Mapping[str, Any], *, where: str) -> tuple[float, float]:
    if "unit" not in table:
        return 1.0, 0.0
    spelling = values.scalar(table["unit"], where=where)
    converted = conversion(target, spelling)
    if converted is None:
        known = ", ".join(known_units(target))
        remedy = f"Known units: {known}" if known else "Use 'scale' and 'offset' instead"
        raise ConfigurationError(f"{where} has the unknown unit '{spelling}'. {remedy}.")
    return converted


def _horizon(raw: Any, *, name: str) -> int | None:
    if raw is None or raw in map(str, range(MAX_HORIZON + 1)):
        return None if raw is None else int(raw)
    raise ConfigurationError(
        f"'horizon' of {name} is '{raw}'. Write 0 (the same day), 1 (tomorrow), or up to {MAX_HORIZON} days ahead."
    )
