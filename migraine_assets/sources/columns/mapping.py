"""Mapping files: which column of a source is which contract field, and how its values are converted.

Defines the mapping and parses its YAML. Not here: matching columns without a mapping (`sources.columns.binding`),
applying a mapping (`sources.columns.coercion`).

    description: one sentence
    horizon: 0                       # default: 1 with dates, 0 without
    columns:                         # contract field: column, or a table
      participant_id: Patient
      duration_h: {column: duration_min, unit: min}
      weather_pressure: {column: p, scale: 33.86, offset: 0}
      date: {column: day, format: "%d/%m/%Y"}       # or {column: day, epoch: 1990-01-01} for a day index
      migraine_occurrence: {column: attack, recode: {yes: 1, no: 0, unknown: null}}
      physical_activity: "exercise#2"               # the second of two columns of that name
    constants: {sex: F}
    match_names: true                # also read columns whose names match; the default is only without columns

A list of attacks has the keys of `sources.columns.observation` instead of, or beside, columns.
"""

import dataclasses
import datetime
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import yaml

from migraine_assets.core.contract import CONTRACT, Contract, Field
from migraine_assets.core.features.diary import MAX_HORIZON
from migraine_assets.errors import ConfigurationError
from migraine_assets.sources.columns.observation import EventColumns, Observation, parse_events, parse_observation
from migraine_assets.sources.columns.units import known_units, scale_of

_TOP = ("description", "horizon", "columns", "constants", "match_names", "events", "observation", "unlisted_days")
# Levels of a mapping: the file, columns, a column, its recoding, a value.
_MAX_DEPTH = 8
_COLUMN = ("column", "unit", "scale", "offset", "recode", "format", "epoch")


@dataclass(frozen=True)
class Column:
    """How one contract field is read from `column`: recoded cells first, other numbers times `scale` plus `offset`.

    `format` is a strptime format; with `epoch` the cells are whole days since that date.
    """

    field: Field
    column: str
    scale: float = 1.0
    offset: float = 0.0
    recode: Mapping[str, str] = dataclasses.field(default_factory=dict)
    format: str | None = None
    epoch: datetime.date | None = None


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
    if not columns and observation is None:
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


def _column(target: Field, given: Any, *, name: str) -> Column:
    where = f"{target.name} in {name}"
    if isinstance(given, str):
        given = {"column": given}
    table = _table(given, _COLUMN, where=f"'{target.name}' of {name}")
    if not table.get("column"):
        raise ConfigurationError(f"{where} names no column. Write 'column: <name in the file>'.")
    _refuse_misplaced(target, table, where=where)
    recoded = _table(table.get("recode", {}), None, where=f"'recode' of {where}")
    recode = {normal(key): _scalar(value, where=where) for key, value in recoded.items()}
    return Column(
        target,
        _scalar(table["column"], where=where),
        scale=_unit(target, table, where=where) * _scale(table.get("scale", "1"), where=f"'scale' of {where}"),
        offset=_number(table.get("offset", "0"), where=f"'offset' of {where}"),
        recode=recode,
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


def _unit(target: Field, table: Mapping[str, Any], *, where: str) -> float:
    if "unit" not in table:
        return 1.0
    spelling = _scalar(table["unit"], where=where)
    scale = scale_of(target, spelling)
    if scale is None:
        known = ", ".join(known_units(target))
        remedy = f"Known units: {known}" if known else "Use 'scale' and 'offset' instead"
        raise ConfigurationError(f"{where} has the unknown unit '{spelling}'. {remedy}.")
    return scale


def _table(given: Any, known: Iterable[str] | None, *, where: str, what: str = "key") -> dict[str, Any]:
    if given == "" or given is None:
        return {}
    if not isinstance(given, dict):
        raise ConfigurationError(f"{where} must be a table of 'key: value' lines.")
    allowed = None if known is None else tuple(known)
    for key in given:
        if allowed is not None and key not in allowed:
            hint = nearest(str(key), allowed) or f" Valid are {', '.join(allowed)}."
            raise ConfigurationError(f"{where} has the unknown {what} '{key}'.{hint}")
    return given


def _scalar(given: Any, *, where: str) -> str:
    if not isinstance(given, str):
        raise ConfigurationError(f"{where} holds a list or a table where one value is expected.")
    return given


def _scale(given: Any, *, where: str) -> float:
    scale = _number(given, where=where)
    if scale == 0:
        raise ConfigurationError(f"{where} is 0, which would make every value the same.")
    return scale


def _number(given: Any, *, where: str) -> float:
    try:
        number = float(_scalar(given, where=where))
    except ValueError as error:
        raise ConfigurationError(f"{where} is '{given}', which is not a number.") from error
    if not math.isfinite(number):
        raise ConfigurationError(f"{where} is '{given}', which is not a finite number.")
    return number


def _date(given: Any, *, where: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(_scalar(given, where=where))
    except ValueError as error:
        raise ConfigurationError(f"{where} is '{given}', which is not a date like 1990-01-31.") from error


def _horizon(given: Any, *, name: str) -> int | None:
    if given is None or given in map(str, range(MAX_HORIZON + 1)):
        return None if given is None else int(given)
    raise ConfigurationError(
        f"'horizon' of {name} is '{given}'. Write 0 (the same day), 1 (tomorrow), or up to {MAX_HORIZON} days ahead."
    )


def _bool(given: Any, *, where: str) -> bool:
    if given not in ("true", "false", "yes", "no"):
        raise ConfigurationError(f"{where} is '{given}'. Write true or false.")
    return given in ("true", "yes")
