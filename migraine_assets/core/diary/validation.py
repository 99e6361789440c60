"""Validation: every row of a raw diary is either accepted or set aside with its reasons.

Not here: the rules (`core.diary.rules`), the schemas (`core.diary.schema`), checks on a delivery as a whole
(`core.quality.suite`).
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import Unit, doc
from numpy.typing import NDArray

from migraine_assets.core.contract import CONTRACT, PROVENANCE, Contract
from migraine_assets.core.diary.columns import numbers
from migraine_assets.core.diary.rules import RULES, Broken, Context, Rule

REASON_COLUMNS: tuple[str, ...] = ("rule", "field", "what", "rows")


@dataclass(frozen=True)
class ValidationSettings:
    """The days that are accepted; the others are quarantined."""

    earliest_date: Annotated[datetime.date, doc("The first day that is accepted.")] = datetime.date(1980, 1, 1)
    days_ahead: Annotated[int, Unit("days"), doc("How far after today a day may lie, since time zones differ.")] = 1


@dataclass(frozen=True)
class Validated:
    """The accepted rows, the rows set aside, and how many rows broke which rule.

    `valid` has the contract's columns and the provenance, `quarantined` has all raw columns and `reason`. Together
    they hold every raw row once, each in file order. `reasons` (`REASON_COLUMNS`) has one row for each rule and field
    that was broken and quotes no cell; a row that breaks two rules counts in both.
    """

    valid: pd.DataFrame
    quarantined: pd.DataFrame
    reasons: pd.DataFrame


def validate(
    raw: pd.DataFrame,
    *,
    today: datetime.date,
    settings: ValidationSettings,
    dated: bool | None = None,
    contract: Contract = CONTRACT,
) -> Validated:
    """Split `raw` (contract columns, provenance, optional `unreadable` and `superseded`) by the rules.

    `dated`: whether the source has dates; by default it has them if any row has one. In a dated source a row without
    a date is set aside; in an undated one no row has a date, and none repeats another.
    """
    context = Context(
        dated=bool(raw["date"].notna().any()) if dated is None else dated,
        earliest=settings.earliest_date,
        latest=today + datetime.timedelta(days=settings.days_ahead),
        contract=contract,
    )
    # Only the dates are replaced, so the other columns are shared with `raw` and not copied.
    frame = raw.copy(deep=False)
    frame["date"] = pd.to_datetime(raw["date"]).astype("datetime64[ns]")
    broken = list(_broken(frame, context))
    reasons = _joined(broken, size=len(frame))
    bad = pd.notna(reasons)
    quarantined = raw[bad].assign(reason=reasons[bad].astype(object)).reset_index(drop=True)
    return Validated(_accepted(frame, ~bad, contract), quarantined, _counted(broken))


def _broken(frame: pd.DataFrame, context: Context) -> Iterator[tuple[Rule, Broken]]:
    for rule in RULES:
        for broken in rule.find(frame, context):
            if len(broken.rows):
                yield rule, broken


def _joined(broken: list[tuple[Rule, Broken]], *, size: int) -> NDArray[np.object_]:
    """The reasons of every row, joined by "; ", or None."""
    reasons = np.full(size, None, dtype=np.object_)
    for _, broken_rows in broken:
        before = reasons[broken_rows.rows]
        after = [new if old is None else f"{old}; {new}" for old, new in zip(before, broken_rows.reasons, strict=True)]
        reasons[broken_rows.rows] = np.array(after, dtype=np.object_)
    return reasons


def _accepted(frame: pd.DataFrame, keep: NDArray[np.bool_], contract: Contract) -> pd.DataFrame:
    """The accepted rows with the contract's columns and the provenance, numbers and flags as float64."""
    columns = [*contract.names(), *PROVENANCE]
    # A selection is a copy already; do not copy a million days again.
    valid = (frame[columns] if keep.all() else frame.loc[keep, columns]).copy(deep=False)
    valid.index = pd.RangeIndex(len(valid))
    for field in contract.of_kind("number", "flag"):
        if valid[field.name].dtype != np.float64:
            valid[field.name] = numbers(valid, field.name)
    return valid


def _counted(broken: list[tuple[Rule, Broken]]) -> pd.DataFrame:
    table = pd.DataFrame(
        [(rule.name, b.field, rule.what, len(b.rows)) for rule, b in broken],
        columns=list(REASON_COLUMNS),
    )
    # A field can break one rule in two ways (below and above its bounds), in different rows.
    grouped = table.groupby(["rule", "field", "what"], sort=False, as_index=False)
    return grouped.agg(rows=("rows", "sum"))
