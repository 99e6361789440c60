"""The split of the diary of one person: in time. The model learns from earlier days and is tested on later ones.

The last part of the time is tested. Cross-validation is forward chaining (Tashman 2000, Int J Forecast 16:437): the
training days before it are a first block, which only trains, and as many blocks as there are folds, each predicted by
models of all days before it. A label that reaches into a later block or into the test part never trains a model for it.

Not here: the split by participants (`core.evaluation.folds`), which rows train for a fold (`core.models.training`).
"""

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.evaluation.folds import TEST, TRAIN, UNUSED, Floats, Folds, FoldSettings, Mask, PartCount
from migraine_assets.errors import DataRefused

Integers = NDArray[np.int64]

# Share of the training days before the first fold: with fewer, the first folds would be predicted from a few attacks.
FIRST_BLOCK = 1 / 3


def assign_in_time(
    participant: NDArray[np.object_],
    day: Integers,
    has_label: Mask,
    *,
    attack: Floats,
    ahead: int = 1,
    settings: FoldSettings | None = None,
) -> Folds:
    """Split the rows of a dated diary in time. Arguments as of `core.evaluation.folds.assign`.

    `ahead`: the days that the longest label reaches beyond its row. Fold 0 is the first block: it trains and is not
    predicted. Raises `DataRefused`, which says how much more is needed.
    """
    settings = settings or FoldSettings()
    attacked = has_label & (attack == 1)
    if reason := shortage(int(has_label.sum()), int(attacked.sum()), settings):
        raise DataRefused(reason)
    labeled = np.sort(day[has_label])
    cut = int(labeled[int((1 - settings.test_period) * (labeled.size - 1))]) + ahead
    part = np.full(day.size, UNUSED, dtype=np.int8)
    part[has_label & (day + ahead < cut)] = TRAIN
    part[has_label & (day >= cut)] = TEST
    fold = _blocks(day, part == TRAIN, settings.folds)
    names = (("train", TRAIN), ("test", TEST), ("unused", UNUSED))
    counts = tuple(_count(name, (part == code) & has_label, participant, attacked) for name, code in names)
    _check_parts(part, fold, attacked, settings)
    return Folds(part, fold, cut, counts, forward=True)


def shortage(days: int, attacks: int, settings: FoldSettings) -> str | None:
    """What is missing to train on the diary of one person, in a sentence; None if it is enough."""
    least = 4 * settings.least_attacks
    lacking = [
        f"{needed - present} more {what}"
        for what, present, needed in (
            ("days with a known outcome", days, settings.least_days),
            ("days with an attack", attacks, least),
            ("days without an attack", days - attacks, least),
        )
        if present < needed
    ]
    if not lacking:
        return None
    return (
        f"To train on the diary of one person takes at least {settings.least_days} days with a known outcome, {least} "
        f"of them with and {least} without an attack. This one has {days}, {attacks} with an attack: "
        f"{' and '.join(lacking)} are needed."
    )


def _blocks(day: Integers, train: Mask, folds: int) -> NDArray[np.int8]:
    """0 in the first block, 1..folds in the others, -1 outside of the training part. A day is in one block."""
    days = np.sort(day[train])
    shares = FIRST_BLOCK + (1 - FIRST_BLOCK) * np.arange(folds) / folds
    starts = days[np.minimum((shares * days.size).astype(np.int64), days.size - 1)]
    fold = np.searchsorted(starts, day, side="right")
    return np.where(train, fold, -1).astype(np.int8)


def _count(name: str, rows: Mask, participant: NDArray[np.object_], attacked: Mask) -> PartCount:
    return PartCount(name, int(rows.sum()), len(set(participant[rows])), int((rows & attacked).sum()))


def _check_parts(part: NDArray[np.int8], fold: NDArray[np.int8], attacked: Mask, settings: FoldSettings) -> None:
    blocks = {"test part": part == TEST, "first block of the training part": fold == 0}
    for name, rows in blocks.items():
        yes, no = int((rows & attacked).sum()), int((rows & ~attacked).sum())
        if min(yes, no) < settings.least_attacks:
            raise DataRefused(
                f"The {name} has {yes} attacks and {no} other days; at least {settings.least_attacks} of each are "
                f"needed. Add more days, or change test_period."
            )
