"""The labels attack, severity and burden, and the day that each describes. This is their only definition.

A label is null (NaN) if the day is missing from the diary or its outcome is null. The label of a window is known only
if all of its days are. If windows with a known attack were labeled as well, labels with an attack would be known more
often than others, and the rate of attacks would seem too high.

Not here: the definition of an attack (`core.features.outcome`), the split into training and test rows
(`core.evaluation.folds`). This module needs only NumPy.
"""

import numpy as np

from migraine_assets.core import contract
from migraine_assets.core.contract import CONTRACT, Contract
from migraine_assets.core.features.diary import Diary, Flags, Floats, Integers, check_horizon
from migraine_assets.core.features.outcome import AttackDefinition, OutcomeDefinition

BURDEN_DAYS = 7
PLAIN = OutcomeDefinition()


def attack_days(diary: Diary, definition: AttackDefinition = PLAIN.attack, *, fields: Contract = CONTRACT) -> Floats:
    """Return whether each day is an attack day by `definition`, ignoring `free_days`: float64[n] of 0, 1 or NaN."""
    quantity = definition.quantity(fields)
    if quantity is None:
        return diary.values(contract.ATTACK)
    return quantity.function()(diary.values)


def attack_label(
    diary: Diary, horizon: int, outcome: OutcomeDefinition = PLAIN, *, fields: Contract = CONTRACT
) -> Floats:
    """Return whether there is an attack `horizon` days later, or in the window that ends on that day.

    The result is float64[n] of 0, 1 or NaN. The days between need no entry, except in a window. With `free_days`, the
    label is known only if that number of days before the predicted day (or the first day of the window) are known to
    have no attack, because no attack can begin on any other day. Raises `ValueError` for an unknown horizon, and for
    one above 0 on an undated diary.
    """
    attack, free = attack_days(diary, outcome.attack, fields=fields), outcome.attack.free_days
    if outcome.window == "any" and horizon > 1:
        first = on_target_day(diary, _first_days(diary, attack, free), 1) if free else None
        label = _in_window(diary, attack, horizon)
        return label if first is None else np.where(np.isnan(first), np.nan, label)
    return on_target_day(diary, _first_days(diary, attack, free), horizon)


def severity_label(
    diary: Diary, horizon: int, outcome: OutcomeDefinition = PLAIN, *, fields: Contract = CONTRACT
) -> Floats:
    """Return the severity (0-10) of the attack that `attack_label` describes, NaN if there is none: float64[n].

    In a window, it is the highest severity, and known only if that of every attack day is known. Raises `ValueError` as
    `attack_label` does.
    """
    attack = attack_days(diary, outcome.attack, fields=fields)
    severity = np.where(attack == 1, diary.values(contract.SEVERITY), np.nan)
    label = attack_label(diary, horizon, outcome, fields=fields)
    if outcome.window == "any" and horizon > 1:
        # A day without an attack gets a severity below all others, so that it is not null and never the highest.
        return np.where(label == 1, _in_window(diary, np.where(attack == 0, -1.0, severity), horizon), np.nan)
    return np.where(label == 1, on_target_day(diary, severity, horizon), np.nan)


def burden_label(diary: Diary, definition: AttackDefinition = PLAIN.attack, *, fields: Contract = CONTRACT) -> Floats:
    """Return the number of attack days among the next seven, NaN if any of them has no known outcome: float64[n].

    All values are NaN for an undated diary, which has no next days.
    """
    attack, label = attack_days(diary, definition, fields=fields), np.full(len(diary), np.nan)
    whole = np.flatnonzero(_followed(diary, BURDEN_DAYS))
    total = np.zeros(len(whole))
    for ahead in range(1, BURDEN_DAYS + 1):
        total += attack[whole + ahead]
    label[whole] = total
    return label


def target_day(diary: Diary, horizon: int) -> Integers:
    """Return the predicted day in days since 1970-01-01: int64[n]; all 0 for an undated diary."""
    check_horizon(diary, horizon)
    return diary.day + horizon


def label_day(diary: Diary, horizon: int, *, burden: bool = False) -> Integers:
    """Return the last day that the label depends on: int64[n].

    This is the target day or, for `burden`, the seventh day after the row. The label is known from that day on.
    """
    target = target_day(diary, horizon)
    return diary.day + BURDEN_DAYS if burden and diary.dated else target


def on_target_day(diary: Diary, values: Floats, horizon: int) -> Floats:
    """`values` of the day `horizon` days later of the same participant, NaN where the diary lacks it: float64[n]."""
    check_horizon(diary, horizon)
    if not horizon:
        return values.copy()
    label = np.full(len(diary), np.nan)
    for rows in range(1, min(horizon, len(diary) - 1) + 1):
        # Days are whole and strictly increasing, so the row of the target day is at most `horizon` rows below.
        same = diary.participant[rows:] == diary.participant[:-rows]
        known = np.flatnonzero(same & (diary.day[rows:] - diary.day[:-rows] == horizon))
        label[known] = values[known + rows]
    return label


def _in_window(diary: Diary, values: Floats, days: int) -> Floats:
    """Return the largest value of the next `days` days, NaN unless all of them are known: float64[n]."""
    label = np.full(len(diary), np.nan)
    whole = np.flatnonzero(_followed(diary, days))
    largest = values[whole + 1].copy() if len(whole) else np.zeros(0)
    for ahead in range(2, days + 1):
        largest = np.maximum(largest, values[whole + ahead])  # NaN if either is
    label[whole] = largest
    return label


def _first_days(diary: Diary, attack: Floats, free: int) -> Floats:
    """Return `attack` on days after `free` days that are known to have none, NaN on all others: float64[n]."""
    if not free:
        return attack
    at_risk = np.zeros(len(diary), dtype=np.bool_)
    if diary.dated and len(diary) > free:
        same = diary.participant[free:] == diary.participant[:-free]
        at_risk[free:] = same & (diary.day[free:] - diary.day[:-free] == free)
    rows = np.flatnonzero(at_risk)
    for back in range(1, free + 1):
        rows = rows[attack[rows - back] == 0]
    label = np.full(len(diary), np.nan)
    label[rows] = attack[rows]
    return label


def _followed(diary: Diary, days: int) -> Flags:
    """Return whether each of the next `days` calendar days of the same participant has a row: bool[n].

    Days are whole and strictly increasing. So the row that is `days` rows below is exactly `days` days later only if
    every day between them has a row.
    """
    whole = np.zeros(len(diary), dtype=np.bool_)
    if diary.dated and len(diary) > days:
        same = diary.participant[days:] == diary.participant[:-days]
        whole[:-days] = same & (diary.day[days:] - diary.day[:-days] == days)
    return whole
