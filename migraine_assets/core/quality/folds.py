"""Checks of the split: disjoint participants, test after training, both classes in every part.

The checks share no code with `core.evaluation.folds`, so that they can detect its errors. `part` int8[n] is 1 for
training, 2 for testing, 0 for unused rows; `fold` int8[n] is the cross-validation fold of a training row and -1
elsewhere.
"""

import datetime
import itertools

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.formatting import listed, plural
from migraine_assets.core.quality.finding import Finding, finding

TRAIN, TEST = 1, 2

Integers = NDArray[np.integer]


def participants_disjoint(participant: Integers, part: Integers, fold: Integers, *, forward: bool = False) -> Finding:
    """Check that no participant is in both parts or in two folds (blocking), unless the split is `forward` in time."""
    if forward:
        success = "The diary is split in time, so that the same people are in both parts."
        return finding("participants_disjoint", [], success=success, blocking=True)
    train, test = np.unique(participant[part == TRAIN]), np.unique(participant[part == TEST])
    shared = np.intersect1d(train, test)
    pairs = np.unique(np.column_stack([participant, fold])[fold >= 0], axis=0)
    _, folds = np.unique(pairs[:, 0], return_counts=True)
    failures = []
    if shared.size:
        failures.append(f"In both training and test part: {plural(shared.size, 'participant')}.")
    if (folds > 1).any():
        failures.append(f"In more than one fold: {plural(int((folds > 1).sum()), 'participant')}.")
    if ((fold >= 0) != (part == TRAIN)).any():
        failures.append("The rows with a fold are not the training rows.")
    success = f"{train.size:,} training and {test.size:,} test participants; none is in both parts or in two folds."
    return finding("participants_disjoint", failures, success=success, blocking=True)


def forward_in_time(
    part: Integers, day: Integers, label_day: Integers, *, dated: bool, fold: Integers | None = None
) -> Finding:
    """Check that every training outcome is before every test day, and each `fold` before the next (blocking).

    `day` int[n] is the day of the features and `label_day` int[n] the last day that the outcome depends on, in days
    since 1970-01-01.
    """
    train, test = label_day[part == TRAIN], day[part == TEST]
    if not dated or not train.size or not test.size:
        success = (
            "There are no dates, so there is no order to check." if not dated else "The training or test part is empty."
        )
        return finding("forward_in_time", [], success=success, blocking=True)
    last, first = _date(train.max()), _date(test.min())
    late = int((train >= test.min()).sum())
    failures = [f"{plural(late, 'training outcome')} on or after the first test day, {first}; the last is of {last}."]
    failures = (failures if late else []) + ([] if fold is None else _not_in_order(fold, day))
    success = f"The last training outcome is of {last}, the first test day is {first}."
    return finding("forward_in_time", failures, success=success, blocking=True)


def _not_in_order(fold: Integers, day: Integers) -> list[str]:
    """A sentence for each fold with a day that is not after all days of the fold before it."""
    ends = [(int(day[fold == k].min()), int(day[fold == k].max())) for k in np.unique(fold[fold >= 0])]
    return [
        f"Fold {k} begins on {_date(first)}, not after the fold before it, which ends on {_date(last)}."
        for k, ((_, last), (first, _)) in enumerate(itertools.pairwise(ends), start=1)
        if first <= last
    ]


def both_classes(attack: NDArray[np.float64], part: Integers, fold: Integers) -> Finding:
    """Check that the test part and every fold have days with and without an attack (blocking).

    `attack` float64[n] is 0/1 or NaN if unknown.
    """
    sets = {"test": part == TEST} | {f"fold {k}": fold == k for k in range(int(fold.max(initial=-1)) + 1)}
    rows = [(name, f"{(attack[mask] == 1).sum():,}", f"{(attack[mask] == 0).sum():,}") for name, mask in sets.items()]
    bad = [name for name, yes, no in rows if "0" in (yes, no)]
    failures = [f"Only one outcome in {listed(bad)}: more participants or longer diaries are needed."] if bad else []
    if len(sets) == 1:
        failures.append("There are no folds for cross-validation.")
    success = f"The test part and all {len(sets) - 1} folds have days with and without an attack."
    columns = ("set", "attacks", "no attack")
    return finding("both_classes", failures, success=success, blocking=True, columns=columns, rows=rows)


def _date(day: int) -> datetime.date:
    return datetime.date(1970, 1, 1) + datetime.timedelta(days=int(day))
