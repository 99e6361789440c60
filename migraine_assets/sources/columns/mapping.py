"""Mapping files: which column of a source is which contract field, and how its values are converted.

Defines the mapping and parses its YAML. Not here: matching columns without a mapping (`sources.columns.binding`),
applying a mapping (`sources.columns.coercion`).

    description: one sentence
    horizon: 0                       # default: 1 with dates, 0 without
    timezone: Europe/Berlin          # of stamps in UTC or with another zone
    encoding: cp1251                 # of text files that are not UTF-8
    decimal: ","                     # marks of numbers, here or for one column
    thousands: "."
    skip_rows: 3                     # lines above the header
    ignore: [notes]                  # columns that are not read
    entries: day                     # several rows of a day become one
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

A list of attacks has the keys of `sources.columns.observation` instead of, or beside, columns.
"""

import codecs
import dataclasses
import datetime
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from migraine_assets.core.contract import CONTRACT, Contract, Field
from migraine_assets.core.features.diary import MAX_HORIZON
from migraine_assets.errors import ConfigurationError
from migraine_assets.sources.columns.observation import EventColumns, Observation, parse_events, parse_observation
from migraine_assets.sources.columns.units import conversion, known_units

_TOP = (
    "description", "horizon", "columns", "constants", "match_names", "events", "observation",
    "unlisted_days", "timezone", "encoding", "decimal", "thousands",
    "skip_rows", "ignore", "entries",
)  # fmt: skip
# A mapping with one of these needs no columns.
_WITHOUT_COLUMNS = ("match_names", "timezone", "encoding", "decimal", "thousands", "skip_rows", "ignore", "entries")
# Levels of a mapping: the file, columns, a column, its recoding, a value.
_MAX_DEPTH = 8
_COLUMN = (
    "column", "unit", "scale", "offset", "recode", "format", "epoch", "decimal", "thousands", "entries", "from",
)  # fmt: skip
_MARKS = (".", ",", " ", "'")
ENTRIES = ("mean", "max", "min", "sum", "first", "last")


@dataclass(frozen=True)
class Column:
    """How one contract field is read from `column`: recoded cells first, other numbers times `scale` plus `offset`.

    `format` is a strptime format; with `epoch` the cells are whole days since that date. `stated`: whether the unit is
    known, so that it is not guessed. `entries`: how the entries of a day become one. `joined`: further columns that
    identify a participant together with `column`. `file_name`: the name of the file is the participant.
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
    encoding: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    skip_rows: int = 0
    ignore: tuple[str, ...] = ()
    entries: bool = False


class _Loader(yaml.BaseLoader):
    """Keeps scalars as text. Refuses what a mapping never needs: aliases, tags, deep nesting, and duplicate keys.

    An alias can stand for millions of values, and of duplicate keys YAML would silently keep the last.
    """

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose the next node. Raises `yaml.composer.ComposerError` for one that a mapping cannot have."""
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        problem = (
            "aliases (*name) are not allowed; repeat the value" if isinstance(event, yaml.AliasEvent)
            else f"the tag {event.tag} is not allowed; remove it" if getattr(event, "tag", None) not in (None, "!")
            else "it is nested too deeply" if self._depth >= _MAX_DEPTH
            else ""
        )  # fmt: skip
        if problem:
            raise yaml.composer.ComposerError(None, None, problem, event.start_mark)
        self._depth += 1
        node: yaml.Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Construct the mapping of `node`. Raises `yaml.constructor.ConstructorError` for a duplicate key."""
        twice = [key for key, count in Counter(key.value for key, _ in node.value if key.id == "scalar").items()
                 if count > 1]  # fmt: skip
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"duplicate key '{twice[0]}'", node.start_mark)
        return super().construct_mapping(node, deep=deep)


def parse_mapping(text: str, *, name: str, contract: Contract = CONTRACT) -> SourceMapping:
    """Parse the mapping in `text` to fields of `contract`; `name` identifies it in errors.

    Raises `ConfigurationError` for an invalid mapping; for an unknown key it suggests the nearest valid one.
    """
    try:
        # Scalars stay text: YAML would turn `yes` in a recoding into true, and `010` into eight.
        document = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise ConfigurationError(f"The mapping {name} is not valid YAML: {error}.") from error
    top = _table(document, _TOP, where=f"The mapping {name}")
    columns = _table(top.get("columns", {}), contract.names(), where=f"'columns' of {name}", what="contract field")
    constants = _table(
        top.get("constants", {}), contract.names(), where=f"'constants' of {name}", what="contract field"
    )
    observation = parse_observation(top.get("observation"), top.get("unlisted_days"), name=name)
    if not columns and observation is None and not set(top) & set(_WITHOUT_COLUMNS):
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
        constants={key: _scalar(value, where=f"{key} in {name}") for key, value in constants.items()},
        horizon=_horizon(top.get("horizon"), name=name),
        description=_scalar(top.get("description", ""), where=f"'description' of {name}"),
        match_names=_bool(top.get("match_names", "false" if columns else "true"), where=f"'match_names' of {name}"),
        text=text,
        events=parse_events(top.get("events"), name=name),
        observation=observation,
        timezone=_checked(top.get("timezone"), _is_timezone, "a zone such as Europe/Berlin", f"'timezone' of {name}"),
        encoding=_checked(top.get("encoding"), _is_encoding, "a name such as cp1251", f"'encoding' of {name}"),
        decimal=_mark(top, "decimal", where=name),
        thousands=_mark(top, "thousands", where=name),
        skip_rows=_count(top.get("skip_rows", "0"), where=f"'skip_rows' of {name}"),
        ignore=_names(top.get("ignore", []), where=f"'ignore' of {name}"),
        entries=_checked(top.get("entries"), ("day",).__contains__, "day", f"'entries' of {name}") is not None,
    )


def nearest(word: str, known: Iterable[str]) -> str:
    """Return " Did you mean ...?" with the nearest of `known` to `word`, or an empty string if none is near."""
    candidates = list(known)
    by_lower = {candidate.lower(): candidate for candidate in candidates}
    matches = get_close_matches(word.lower(), list(by_lower), n=1, cutoff=0.5)
    return f" Did you mean '{by_lower[matches[0]]}'?" if matches else ""


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
        first, *joined = _names(raw, where=where)
        return Column(target, first, joined=tuple(joined))
    table = _table(raw, _COLUMN, where=f"'{target.name}' of {name}")
    if "from" in table:
        if target.name != "participant_id" or table != {"from": "file_name"}:
            raise ConfigurationError(f"{where}: only a participant can be read from the file: {{from: file_name}}.")
        return Column(target, "(file name)", file_name=True)
    if not table.get("column"):
        raise ConfigurationError(f"{where} names no column. Write 'column: <name in the file>'.")
    _refuse_misplaced(target, table, where=where)
    recoded = _table(table.get("recode", {}), None, where=f"'recode' of {where}")
    recode = {normal(key): _scalar(value, where=where) for key, value in recoded.items()}
    scale = _scale(table.get("scale", "1"), where=f"'scale' of {where}")
    offset = _number(table.get("offset", "0"), where=f"'offset' of {where}")
    factor, shift = _unit(target, table, where=where)
    return Column(
        target,
        _scalar(table["column"], where=where),
        scale=factor * scale,
        offset=offset + shift,
        recode=recode,
        stated=bool({"unit", "scale", "offset"} & set(table)),
        decimal=_mark(table, "decimal", where=where),
        thousands=_mark(table, "thousands", where=where),
        entries=_checked(table.get("entries"), ENTRIES.__contains__, f"one of {', '.join(ENTRIES)}", where),
        format=_scalar(table["format"], where=where) if "format" in table else None,
        epoch=_date(table["epoch"], where=f"'epoch' of {where}") if "epoch" in table else None,
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
    spelling = _scalar(table["unit"], where=where)
    converted = conversion(target, spelling)
    if converted is None:
        known = ", ".join(known_units(target))
        remedy = f"Known units: {known}" if known else "Use 'scale' and 'offset' instead"
        raise ConfigurationError(f"{where} has the unknown unit '{spelling}'. {remedy}.")
    return converted


def _table(raw: Any, known: Iterable[str] | None, *, where: str, what: str = "key") -> dict[str, Any]:
    if raw == "" or raw is None:
        return {}
    if not isinstance(raw, dict):
        raise ConfigurationError(f"{where} must be a table of 'key: value' lines.")
    allowed = None if known is None else tuple(known)
    for key in raw:
        if allowed is not None and key not in allowed:
            hint = nearest(str(key), allowed) or f" Valid are {', '.join(allowed)}."
            raise ConfigurationError(f"{where} has the unknown {what} '{key}'.{hint}")
    return raw


def _scalar(raw: Any, *, where: str) -> str:
    if not isinstance(raw, str):
        raise ConfigurationError(f"{where} holds a list or a table where one value is expected.")
    return raw


def _scale(raw: Any, *, where: str) -> float:
    scale = _number(raw, where=where)
    if scale == 0:
        raise ConfigurationError(f"{where} is 0, which would make every value the same.")
    return scale


def _number(raw: Any, *, where: str) -> float:
    try:
        number = float(_scalar(raw, where=where))
    except ValueError as error:
        raise ConfigurationError(f"{where} is '{raw}', which is not a number.") from error
    if not math.isfinite(number):
        raise ConfigurationError(f"{where} is '{raw}', which is not a finite number.")
    return number


def _date(raw: Any, *, where: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(_scalar(raw, where=where))
    except ValueError as error:
        raise ConfigurationError(f"{where} is '{raw}', which is not a date like 1990-01-31.") from error


def _horizon(raw: Any, *, name: str) -> int | None:
    if raw is None or raw in map(str, range(MAX_HORIZON + 1)):
        return None if raw is None else int(raw)
    raise ConfigurationError(
        f"'horizon' of {name} is '{raw}'. Write 0 (the same day), 1 (tomorrow), or up to {MAX_HORIZON} days ahead."
    )


def _bool(raw: Any, *, where: str) -> bool:
    if raw not in ("true", "false", "yes", "no"):
        raise ConfigurationError(f"{where} is '{raw}'. Write true or false.")
    return raw in ("true", "yes")


def _names(raw: Any, *, where: str) -> tuple[str, ...]:
    if isinstance(raw, str):
        raw = [raw]
    if not isinstance(raw, list):
        raise ConfigurationError(f"{where} must be a list of column names: [a, b].")
    return tuple(_scalar(name, where=where) for name in raw)


def _mark(table: Mapping[str, Any], key: str, *, where: str) -> str | None:
    what = "a point, a comma, a space or an apostrophe"
    return _checked(table.get(key), _MARKS.__contains__, what, f"'{key}' of {where}")


def _count(raw: Any, *, where: str) -> int:
    text = _scalar(raw, where=where)
    if not text.isascii() or not text.isdigit():
        raise ConfigurationError(f"{where} is '{text}'. Write how many lines are above the header.")
    return int(text)


def _checked(raw: Any, allowed: Callable[[str], bool], what: str, where: str) -> str | None:
    if raw is None:
        return None
    text = _scalar(raw, where=where)
    if not allowed(text):
        raise ConfigurationError(f"{where} is '{text}'. Write {what}.")
    return text


def _is_timezone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _is_encoding(name: str) -> bool:
    try:
        codecs.lookup(name)
    except (LookupError, ValueError):
        return False
    return True
