"""The table of rules for diary rows. Each rule finds the rows that break it and gives the reasons.

Not here: quarantine, nulling and counting (`core.diary.validation`). A new rule is a function and a line in `RULES`.

Why the rules are as they are:

- A bad cell becomes null and is counted. The row is quarantined only if its outcome or key cannot be used.
- Severity or duration above 0 on a day with no attack, or with an unknown outcome, is a contradiction. The outcome is
  never inferred from it, because the models would then learn a label that nobody recorded. Severity or duration 0 on
  such a day only means "none" (flat tables have 0.0 there); preprocessing sets it to null.
- An attack of severity 0 is an aura without headache (ICHD-3 1.2.1.2). For a participant whose migraine has no aura,
  pain is part of the definition (ICHD-3 1.1), so only there severity 0 is a contradiction.
- If rows of one participant and day differ, all are quarantined, because nothing shows which is right, even if one of
  them is also out of bounds. Superseded and unreadable rows are not compared.
"""

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migraine_assets.core.contract import ATTACK, CONTRACT, DURATION, PROVENANCE, SEVERITY, Contract, Field
from migraine_assets.core.diary.columns import codes, numbers
from migraine_assets.core.diary.duplicates import conflicts
from migraine_assets.core.diary.schema import NOTES

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Context:
    """Arguments of a rule besides the frame: whether the source has dates, the accepted days, and the contract."""

    dated: bool
    earliest: datetime.date
    latest: datetime.date
    contract: Contract = CONTRACT


@dataclass(frozen=True)
class Broken:
    """The positions of rows in which one field breaks a rule, and the reason for each."""

    field: str
    rows: NDArray[np.int64]
    reasons: list[str]


@dataclass(frozen=True)
class Rule:
    """A rule: its name, what it forbids, and the function that finds the rows that break it.

    `cell`: whether a single value breaks the rule. Then only that value is lost, unless it is the outcome.
    """

    name: str
    what: str
    find: Callable[[pd.DataFrame, Context], Iterator[Broken]]
    cell: bool = False


def _noted(column: str) -> Callable[[pd.DataFrame, Context], Iterator[Broken]]:
    """Return the rule for a column in which the source describes problems of a row."""

    def find(frame: pd.DataFrame, _: Context) -> Iterator[Broken]:
        if column in frame:
            rows = np.flatnonzero(frame[column].notna())
            yield Broken("", rows, [str(sentence) for sentence in frame[column].iloc[rows]])

    return find


def _unreadable_cells(frame: pd.DataFrame, context: Context) -> Iterator[Broken]:
    """Yield the cells that the source could not read: `nulled` has one line for each, which begins with the field."""
    if "nulled" not in frame:
        return
    rows = np.flatnonzero(frame["nulled"].notna())
    reasons: dict[str, tuple[list[int], list[str]]] = {}
    for row, lines in zip(rows.tolist(), frame["nulled"].iloc[rows], strict=True):
        for line in str(lines).split("\n"):
            positions, texts = reasons.setdefault(line.partition("=")[0], ([], []))
            positions.append(row)
            texts.append(line)
    for name, (positions, texts) in reasons.items():
        if name in context.contract.by_name:
            yield Broken(name, np.array(positions, dtype=np.int64), texts)


def _missing_key(frame: pd.DataFrame, context: Context) -> Iterator[Broken]:
    code, values = codes(frame["participant_id"])
    blank = np.array([not value.strip() for value in values] + [True])  # the last one is for code -1, null
    yield _constant("participant_id", blank[code], "participant_id is missing")
    if context.dated:
        yield _constant("date", frame["date"].isna().to_numpy(), "date is missing")


def _date_range(frame: pd.DataFrame, context: Context) -> Iterator[Broken]:
    date = frame["date"]
    earliest, latest = context.earliest, context.latest
    too_early = (date < pd.Timestamp(earliest)).to_numpy()
    too_late = (date >= pd.Timestamp(latest) + pd.Timedelta(days=1)).to_numpy()
    yield _dates(date, too_early, f"is before the earliest day accepted, {earliest}")
    yield _dates(date, too_late, f"is in the future: the latest day accepted is {latest}")


def _whole_days(frame: pd.DataFrame, _: Context) -> Iterator[Broken]:
    date = frame["date"]
    timed = (date.notna() & (date.dt.normalize() != date)).to_numpy()
    rows = np.flatnonzero(timed)
    yield Broken("date", rows, [f"date = {value} has a time of day" for value in date.iloc[rows]])


def _not_finite(frame: pd.DataFrame, context: Context) -> Iterator[Broken]:
    for field in context.contract.of_kind("number", "flag"):
        values = numbers(frame, field.name)
        yield _values(field, values, np.isinf(values), "is not a finite number")


def _out_of_bounds(frame: pd.DataFrame, context: Context) -> Iterator[Broken]:
    for field in context.contract.of_kind("number"):
        values = numbers(frame, field.name)
        if field.low is not None:
            low = (values < field.low) & ~np.isinf(values)
            yield _values(field, values, low, f"is below the lowest possible value {_bound(field, field.low)}")
        if field.high is not None:
            high = (values > field.high) & ~np.isinf(values)
            yield _values(field, values, high, f"is above the highest possible value {_bound(field, field.high)}")


def _neither_0_nor_1(frame: pd.DataFrame, context: Context) -> Iterator[Broken]:
    for field in context.contract.of_kind("flag"):
        values = numbers(frame, field.name)
        allowed = (values == 0) | (values == 1) | np.isnan(values) | np.isinf(values)
        yield _values(field, values, ~allowed, "is neither 0 (no) nor 1 (yes)")


def _unknown_category(frame: pd.DataFrame, context: Context) -> Iterator[Broken]:
    for field in context.contract.of_kind("category"):
        code, values = codes(frame[field.name])
        unknown = np.array([value not in field.categories for value in values] + [False])
        allowed = ", ".join(field.categories)
        rows = np.flatnonzero(unknown[code])
        reasons = [f"{field.name} = '{values[c]}' is not one of {allowed}" for c in code[rows]]
        yield Broken(field.name, rows, reasons)


def _contradiction(frame: pd.DataFrame, context: Context) -> Iterator[Broken]:
    attack, fields = numbers(frame, ATTACK), context.contract.by_name
    for name in (SEVERITY, DURATION):
        values, field = numbers(frame, name), fields[name]
        no_attack, unknown = (values > 0) & (attack == 0), (values > 0) & np.isnan(attack)
        yield _values(field, values, no_attack, f"contradicts {ATTACK} = 0, no attack on that day")
        yield _values(field, values, unknown, f"needs {ATTACK}, which is null: state whether there was an attack")
    yield _painless(frame, attack, fields[SEVERITY])


def _painless(frame: pd.DataFrame, attack: NDArray[np.float64], field: Field) -> Broken:
    severity = numbers(frame, SEVERITY)
    painless = (attack == 1) & (severity == 0) & (frame["migraine_type"] == "no_aura").to_numpy(dtype=np.bool_)
    why = f"contradicts {ATTACK} = 1 with migraine_type = 'no_aura': without aura an attack has pain"
    return _values(field, severity, painless, why)


def _conflict(frame: pd.DataFrame, context: Context) -> Iterator[Broken]:
    ignored = np.zeros(len(frame), dtype=np.bool_)
    for note in NOTES:
        if note in frame:
            ignored |= frame[note].notna().to_numpy()
    pairs = conflicts(frame, ignored=ignored, contract=context.contract)
    participant, day = frame["participant_id"].iloc[pairs.rows], _days(frame["date"].iloc[pairs.rows])
    file, row = (frame[name].iloc[pairs.others] for name in PROVENANCE)
    reasons = [
        f"participant_id = '{who}', date = {when} is described differently in row {number} of {name}"
        + (f" and {more} more" if more else "")
        for who, when, name, number, more in zip(participant, day, file, row, pairs.more.tolist(), strict=True)
    ]
    yield Broken("date", pairs.rows, reasons)


RULES: tuple[Rule, ...] = (
    Rule("unreadable_cell", "A cell that cannot be read.", _unreadable_cells, cell=True),
    Rule("unreadable", "A line, a key or an outcome that cannot be read.", _noted("unreadable")),
    Rule("superseded", "A row that a later delivery replaces.", _noted("superseded")),
    Rule("missing_key", "No participant, or no date among dated rows.", _missing_key),
    Rule("date_range", "A date too long ago or in the future.", _date_range),
    Rule("whole_days", "A date with a time of day.", _whole_days),
    Rule("not_finite", "An infinite number.", _not_finite, cell=True),
    Rule("out_of_bounds", "A number outside the contract's bounds.", _out_of_bounds, cell=True),
    Rule("neither_0_nor_1", "A flag that is neither 0 nor 1.", _neither_0_nor_1, cell=True),
    Rule("unknown_category", "A category that the contract does not have.", _unknown_category, cell=True),
    Rule("contradiction", "Severity or duration that contradicts the outcome.", _contradiction),
    Rule("conflict", "Another row describes the same participant and day differently.", _conflict),
)


def _constant(field: str, mask: Mask, reason: str) -> Broken:
    rows = np.flatnonzero(mask)
    return Broken(field, rows, [reason] * len(rows))


def _values(field: Field, values: NDArray[np.float64], mask: Mask, why: str) -> Broken:
    rows = np.flatnonzero(mask)
    return Broken(field.name, rows, [f"{field.name} = {value:.10g} {why}" for value in values[rows].tolist()])


def _dates(date: pd.Series, mask: Mask, why: str) -> Broken:
    rows = np.flatnonzero(mask)
    return Broken("date", rows, [f"date = {day} {why}" for day in _days(date.iloc[rows])])


def _days(date: pd.Series) -> list[str]:
    days: list[str] = np.datetime_as_string(date.to_numpy(), unit="D").tolist()
    return days


def _bound(field: Field, bound: float) -> str:
    """Return the bound with its unit, unless the unit is a scale ("1-10", "index")."""
    is_scale = field.unit == "index" or any(letter.isdigit() for letter in field.unit)
    return f"{bound:g}" if is_scale or not field.unit else f"{bound:g} {field.unit}"
