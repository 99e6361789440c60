"""Validation: every row of a raw diary is either accepted or quarantined with its reasons; bad values become null.

Not here: the rules (`core.diary.rules`), the schemas (`core.diary.schema`), checks on a delivery as a whole
(`core.quality.suite`).
"""

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, TypeAlias

import numpy as np
import pandas as pd
from annotated_types import Unit, doc
from numpy.typing import NDArray

from migraine_assets.core.contract import ATTACK, CONTRACT, PROVENANCE, Contract
from migraine_assets.core.diary.columns import numbers
from migraine_assets.core.diary.losses import dependence
from migraine_assets.core.diary.rules import RULES, Broken, Context, Rule

REASON_COLUMNS: tuple[str, ...] = (
    "rule", "field", "what", "rows", "effect", "share", "attack_share", "other_share", "p",
)  # fmt: skip

# Returns for each row of a frame whether it is an attack day: float64[n] of 0, 1 or NaN.
Outcome: TypeAlias = Callable[[pd.DataFrame], NDArray[np.float64]]

QUARANTINED, NULLED = "quarantined", "nulled"


@dataclass(frozen=True)
class ValidationSettings:
    """The accepted days; rows of other days are quarantined."""

    earliest_date: Annotated[datetime.date, doc("The first accepted day.")] = datetime.date(1980, 1, 1)
    days_ahead: Annotated[int, Unit("days"), doc("Days after today that are accepted, since time zones differ.")] = 1


@dataclass(frozen=True)
class Validated:
    """The accepted rows, the quarantined rows, and the number of rows that break each rule.

    `valid` has the contract's columns and the provenance, `quarantined` has all raw columns and `reason`. Each raw row
    is in exactly one of them, in file order. `reasons` (`REASON_COLUMNS`) has one row for each rule, field and `effect`
    (`QUARANTINED` or `NULLED`); a row that breaks two rules counts for both. It quotes no cell. `share` is the lost
    share of all rows or of the field's known values. `attack_share`, `other_share` and `p` compare the loss on days
    with and without an attack (`core.diary.losses`), over all quarantined rows or all nulled values of the field.
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
    outcome: Outcome | None = None,
) -> Validated:
    """Split `raw` (contract columns, provenance, optional `unreadable` and `superseded`) by the rules.

    `outcome`: whether each row is an attack day, if that is not `migraine_occurrence`; losses are compared by it.
    `dated`: whether the source has dates; by default, whether any row has one. In a dated source, a row without a date
    is quarantined. In an undated source, no row has a date and no row repeats another.
    """
    context = Context(
        dated=bool(raw["date"].notna().any()) if dated is None else dated,
        earliest=settings.earliest_date,
        latest=today + datetime.timedelta(days=settings.days_ahead),
        contract=contract,
    )
    # Only changed columns are replaced, so the others are shared with `raw` and not copied.
    frame = raw.copy(deep=False)
    frame["date"] = pd.to_datetime(raw["date"]).astype("datetime64[ns]")
    cells = list(_broken(frame, context, cell=True))
    nulled = [(rule, broken) for rule, broken in cells if broken.field != ATTACK]
    _null(frame, nulled)
    rows = [(rule, broken) for rule, broken in cells if broken.field == ATTACK]
    rows += _broken(frame, context, cell=False)
    reasons = _joined(rows, size=len(frame))
    bad = pd.notna(reasons)
    quarantined = raw[bad].assign(reason=reasons[bad].astype(object)).reset_index(drop=True)
    attack = _known(numbers(raw, ATTACK) if outcome is None else outcome(frame))
    counted = _counted(raw, frame, rows, nulled, bad, attack)
    return Validated(_accepted(frame, ~bad, contract), quarantined, counted)


def _broken(frame: pd.DataFrame, context: Context, *, cell: bool) -> Iterator[tuple[Rule, Broken]]:
    for rule in RULES:
        if rule.cell is cell:
            for broken in rule.find(frame, context):
                if len(broken.rows):
                    yield rule, broken


def _null(frame: pd.DataFrame, nulled: list[tuple[Rule, Broken]]) -> None:
    for _, broken in nulled:
        values = frame[broken.field].copy()
        values.iloc[broken.rows] = None
        frame[broken.field] = values


def _joined(broken: list[tuple[Rule, Broken]], *, size: int) -> NDArray[np.object_]:
    """Return the reasons of every row, joined by "; "; None for a row without any."""
    reasons = np.full(size, None, dtype=np.object_)
    for _, broken_rows in broken:
        before = reasons[broken_rows.rows]
        after = [new if old is None else f"{old}; {new}" for old, new in zip(before, broken_rows.reasons, strict=True)]
        reasons[broken_rows.rows] = np.array(after, dtype=np.object_)
    return reasons


def _accepted(frame: pd.DataFrame, keep: NDArray[np.bool_], contract: Contract) -> pd.DataFrame:
    """Return the accepted rows: the contract's columns, with numbers and flags as float64, and the provenance."""
    columns = [*contract.names(), *PROVENANCE]
    # Selecting several columns at once would copy them, so they are selected one by one where all rows are kept.
    whole = keep.all()
    valid = pd.DataFrame({name: frame[name] for name in columns}, copy=False) if whole else frame.loc[keep, columns]
    valid.index = pd.RangeIndex(len(valid))
    for field in contract.of_kind("number", "flag"):
        if valid[field.name].dtype != np.float64:
            valid[field.name] = numbers(valid, field.name)
    return valid


def _counted(
    raw: pd.DataFrame,
    frame: pd.DataFrame,
    rows: list[tuple[Rule, Broken]],
    nulled: list[tuple[Rule, Broken]],
    bad: NDArray[np.bool_],
    attack: NDArray[np.float64],
) -> pd.DataFrame:
    """Return the table of reasons, with one row for each rule, field and effect and the columns `REASON_COLUMNS`."""
    if not rows and not nulled:
        return pd.DataFrame(columns=list(REASON_COLUMNS))
    participant = pd.factorize(raw["participant_id"])[0].astype(np.int64)
    # A superseded row is replaced, so it is not a loss.
    replaced = raw["superseded"].notna().to_numpy() if "superseded" in raw else np.zeros(len(raw), dtype=np.bool_)
    of_rows = dependence(bad & ~replaced, attack, participant)
    table = [(rule, b, QUARANTINED, len(raw), of_rows) for rule, b in rows]
    lost: dict[str, NDArray[np.bool_]] = {}
    for _, b in nulled:
        lost.setdefault(b.field, np.zeros(len(raw), dtype=np.bool_))[b.rows] = True
    for rule, b in nulled:
        mask = lost[b.field]
        known = mask | frame[b.field].notna().to_numpy()
        test = dependence(mask[known], attack[known], participant[known])
        table.append((rule, b, NULLED, int(known.sum()), test))
    cells = pd.DataFrame(
        [
            (rule.name, b.field, rule.what, len(b.rows), effect, len(b.rows) / size, share, other, p)
            for rule, b, effect, size, (p, share, other) in table
        ],
        columns=list(REASON_COLUMNS),
    )
    # Different rows can break one rule in two ways: below and above the bounds of a field.
    grouped = cells.groupby(["rule", "field", "what", "effect"], sort=False, as_index=False)
    first = {name: (name, "first") for name in ("attack_share", "other_share", "p")}
    return grouped.agg(rows=("rows", "sum"), share=("share", "sum"), **first)[list(REASON_COLUMNS)]


def _known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return `values` with NaN for all that are neither 0 nor 1."""
    return np.where((values == 0) | (values == 1), values, np.nan)
