"""The labels: attack, severity, burden, and the day that each of them is about. This is their only definition.

Not here: which rows train and which test (`core.evaluation.folds`). NumPy only.

A label is null (NaN) if the diary does not have it: the day is missing, or its outcome was not asked.
"""

import numpy as np

from migraine_assets.core import contract
from migraine_assets.core.features.diary import Diary, Flags, Floats, Integers, check_horizon

BURDEN_DAYS = 7


def attack_label(diary: Diary, horizon: int) -> Floats:
    """Whether there is an attack on the day `horizon` days later: float64[n] of 0, 1 or NaN.

    Days between need no entry. Raises `ValueError` for an unknown horizon, and for one above 0 on an undated diary.
    """
    return _on_target_day(diary, diary.values(contract.ATTACK), horizon)


def severity_label(diary: Diary, horizon: int) -> Floats:
    """The severity (0-10) `horizon` days later if that day has an attack, else NaN: float64[n].

    Raises `ValueError` as `attack_label` does.
    """
    attack = diary.values(contract.ATTACK) == 1
    severity = np.where(attack, diary.values(contract.SEVERITY), np.nan)
    return _on_target_day(diary, severity, horizon)


def burden_label(diary: Diary) -> Floats:
    """Headache days among the next seven, NaN unless the diary has all seven with a known outcome: float64[n].

    All NaN for an undated diary, which has no next days.
    """
    attack, label = diary.values(contract.ATTACK), np.full(len(diary), np.nan)
    whole = np.flatnonzero(_followed(diary, BURDEN_DAYS))
    total = np.zeros(len(whole))
    for ahead in range(1, BURDEN_DAYS + 1):
        total += attack[whole + ahead]
    label[whole] = total
    return label


def target_day(diary: Diary, horizon: int) -> Integers:
    """The day that is predicted, days since 1970-01-01: int64[n]; 0 everywhere for an undated diary."""
    check_horizon(diary, horizon)
    return diary.day + horizon


def label_day(diary: Diary, horizon: int, *, burden: bool = False) -> Integers:
    """The last day that the label depends on, from which it is known: int64[n].

    It is the target day; for `burden`, the day seven days after the row.
    """
    target = target_day(diary, horizon)
    return diary.day + BURDEN_DAYS if burden and diary.dated else target


def _on_target_day(diary: Diary, values: Floats, horizon: int) -> Floats:
    check_horizon(diary, horizon)
    if not horizon:
        return values.copy()
    label = np.full(len(diary), np.nan)
    for rows in range(1, min(horizon, len(diary) - 1) + 1):
        # Days are whole and strictly increasing: the row of the target day is at most `horizon` rows further down.
        same = diary.participant[rows:] == diary.participant[:-rows]
        known = np.flatnonzero(same & (diary.day[rows:] - diary.day[:-rows] == horizon))
        label[known] = values[known + rows]
    return label


def _followed(diary: Diary, days: int) -> Flags:
    """Whether each of the next `days` calendar days of the same participant has a row: bool[n].

    Days are whole and strictly increasing, so the row `days` further down is exactly `days` later only if every day
    between them has a row.
    """
    whole = np.zeros(len(diary), dtype=np.bool_)
    if diary.dated and len(diary) > days:
        same = diary.participant[days:] == diary.participant[:-days]
        whole[:-days] = same & (diary.day[days:] - diary.day[:-days] == days)
    return whole
