"""The split: temporal validation by enrollment, and grouped folds for cross-validation.

The test participants are those who joined last. Their rows from a cut day on are test rows, and no data from that day
on train a model. So a model is tested on other participants at a later time (TRIPOD type 2b, Moons et al. 2015, Ann
Intern Med 162:W1). All other rows are unused and counted: the days of training participants from the cut day on, and
the days of test participants before it, which the features of later days still use. The result does not depend on the
order of rows.

Not here: labels (`core.features.labels`), checks of the split (`core.quality.folds`).
"""

import hashlib
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from annotated_types import Interval as Range
from annotated_types import Unit, doc
from numpy.typing import NDArray

from migraine_assets.errors import DataRefused

Integers = NDArray[np.int64]


def balanced_folds(rows: Integers, attacks: Integers, draw: Integers, *, folds: int) -> NDArray[np.int8]:
    """Return the fold 0..folds-1 of each participant, int8[G], from the numbers of rows and attacks int64[G].

    Participants are assigned in descending size, each to the fold with the smallest load (longest processing time
    first, Graham 1969). The load of a fold is the larger of its shares of rows and attacks. `draw` int64[G], with
    distinct values, breaks ties.
    """
    total_rows, total_attacks = max(1, int(rows.sum())), max(1, int(attacks.sum()))
    order = np.lexsort((draw, -attacks, -rows))
    held_rows, held_attacks = [0] * folds, [0] * folds
    fold = np.empty(rows.size, dtype=np.int8)
    numbers = range(folds)
    # Python integers are faster than NumPy scalars: a million participants with one row each take seconds.
    for index, n, a in zip(order.tolist(), rows[order].tolist(), attacks[order].tolist(), strict=True):
        loads = [((held_rows[k] + n) * total_attacks, (held_attacks[k] + a) * total_rows, k) for k in numbers]
        chosen = min((max(r, t), r + t, k) for r, t, k in loads)[2]
        held_rows[chosen] += n
        held_attacks[chosen] += a
        fold[index] = chosen
    return fold


UNUSED, TRAIN, TEST = 0, 1, 2
PARTS = {TRAIN: "train", TEST: "test", UNUSED: "unused"}

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class FoldSettings:
    """Shares and minimum sizes of the split."""

    test_share: Annotated[
        float,
        Range(ge=0.01, le=0.9),
        Unit("share"),
        doc("Share of participants in the test part: those who joined last."),
    ] = 0.2
    test_period: Annotated[
        float, Range(ge=0.01, le=0.9), Unit("share"), doc("Share of the time in the test part: its last part.")
    ] = 0.25
    split: Annotated[
        Literal["auto", "participants", "time"],
        doc("participants: some people are tested; time: the later days of all; auto: time for one person's diary."),
    ] = "auto"
    folds: Annotated[int, Range(ge=2, le=100), doc("Folds of the cross-validation, grouped by participant.")] = 5
    seed: Annotated[int, doc("Breaks ties between participants who joined on the same day.")] = 20240229
    least_participants: Annotated[
        int,
        Range(ge=1, le=1_000_000),
        Unit("participants"),
        doc("Minimum number of participants in each part."),
    ] = 2
    least_attacks: Annotated[
        int,
        Range(ge=1, le=1_000_000),
        Unit("days"),
        doc("Minimum days with and without an attack in each part."),
    ] = 5
    least_days: Annotated[
        int,
        Range(ge=10, le=1_000_000),
        Unit("days"),
        doc("Least days with a known outcome of a diary that is split in time."),
    ] = 120

    def in_time(self, *, participants: int, dated: bool) -> bool:
        """Whether a diary is split in time: that of one person, or as `split` says. Without dates there is no time."""
        return dated and (self.split == "time" or (self.split == "auto" and participants == 1))

    def least_days_of(self, *, participants: int, dated: bool) -> int | None:
        """The least days with a known outcome if the diary is split in time, else None."""
        return self.least_days if self.in_time(participants=participants, dated=dated) else None


@dataclass(frozen=True)
class PartCount:
    """The numbers of labeled rows, participants and attacks in one part of the split."""

    part: str
    rows: int
    participants: int
    attacks: int


@dataclass(frozen=True)
class Folds:
    """The split of the rows of a diary.

    `part` int8[n]: 1 train, 2 test, 0 unused. `fold` int8[n]: 0..k-1 in the training part, else -1. Rows without a
    label are unused and not counted. `cut_day`: days since 1970-01-01, None for an undated source.
    `forward`: split in time (`core.evaluation.time_folds`); fold 0 then trains only.
    """

    part: NDArray[np.int8]
    fold: NDArray[np.int8]
    cut_day: int | None
    counts: tuple[PartCount, ...]
    forward: bool = False

    def training(self, label_day: Integers) -> Mask:
        """Return the training rows, bool[n], with a label that is complete before the cut day.

        `label_day` int64[n]: the last day that the label depends on.
        """
        before = np.ones(self.part.size, dtype=bool) if self.cut_day is None else label_day < self.cut_day
        mask: Mask = (self.part == TRAIN) & before
        return mask


@dataclass(frozen=True)
class _Rows:
    """The input rows. `who` int64[n]: the index in `names` of each row's participant."""

    names: NDArray[np.object_]
    who: Integers
    day: Integers
    labeled: Mask
    attack: Mask


def assign(
    participant: NDArray[np.object_],
    day: Integers,
    has_label: Mask,
    *,
    attack: Floats,
    dated: bool,
    ahead: int = 1,
    settings: FoldSettings | None = None,
) -> Folds:
    """Split the rows of a diary.

    `participant` [n]: names. `day` int64[n]: days since 1970-01-01 of the features; the label is `ahead` days later.
    `has_label` bool[n]. `attack` float64[n]: the attack label (NaN if unknown), which balances the folds. Raises
    `DataRefused` if there are too few participants or attacks to train and test.
    """
    settings = settings or FoldSettings()
    codes, names = pd.factorize(participant)
    rows = _Rows(np.asarray(names, dtype=object), codes.astype(np.int64), day, has_label, has_label & (attack == 1))
    _check_cohort(rows, settings, tomorrow=dated and ahead > 0)
    draw = _draws(rows.names, settings.seed)
    tested = _testers(rows, draw, dated=dated, settings=settings)[rows.who]
    cut = _cut_day(rows, tested, ahead=ahead, settings=settings) if dated else None
    part = _parts(rows, tested, cut, ahead=ahead)
    counts = tuple(_count(rows, part == code, name) for code, name in PARTS.items())
    _check_parts(counts, settings)
    return Folds(part, _fold(rows, part == TRAIN, draw, settings), cut, counts)


def _draws(names: NDArray[np.object_], seed: int) -> Integers:
    """Return the rank of each name in a random order that depends only on the seed and the names: int64[G]."""
    digests = [hashlib.sha256(f"{seed}:{name}".encode()).digest() for name in names]
    rank = np.empty(len(digests), dtype=np.int64)
    rank[sorted(range(len(digests)), key=digests.__getitem__)] = np.arange(len(digests))
    return rank


def _testers(rows: _Rows, draw: Integers, *, dated: bool, settings: FoldSettings) -> Mask:
    """Return which participants are test participants, bool[G]: those with labels who joined last."""
    first = np.full(rows.names.size, np.iinfo(np.int64).max)
    np.minimum.at(first, rows.who, rows.day)
    joined = first if dated else np.zeros_like(first)
    usable = np.flatnonzero(np.bincount(rows.who, rows.labeled, rows.names.size) > 0)
    order = usable[np.lexsort((draw[usable], joined[usable]))]
    number = max(settings.least_participants, round(settings.test_share * usable.size))
    tester = np.zeros(rows.names.size, dtype=bool)
    tester[order[-number:]] = True
    return tester


def _cut_day(rows: _Rows, tested: Mask, *, ahead: int, settings: FoldSettings) -> int:
    """Return the first day of the test period, in days since 1970-01-01.

    It is the (1 - test_period) quantile of the label days of all participants or of the test participants, whichever is
    earlier, so that test participants who stopped early are still used. It is not before the day on which the first
    test participant joined.
    """
    joined = int(rows.day[tested].min())
    late = (_late(rows.day[mask] + ahead, settings) for mask in (rows.labeled, rows.labeled & tested))
    return max(joined, min(late))


def _late(days: Integers, settings: FoldSettings) -> int:
    return int(np.sort(days)[int((1 - settings.test_period) * (days.size - 1))])


def _parts(rows: _Rows, tested: Mask, cut: int | None, *, ahead: int) -> NDArray[np.int8]:
    before = np.ones(rows.who.size, dtype=bool) if cut is None else rows.day + ahead < cut
    since = np.ones(rows.who.size, dtype=bool) if cut is None else rows.day >= cut
    part = np.full(rows.who.size, UNUSED, dtype=np.int8)
    part[rows.labeled & ~tested & before] = TRAIN
    part[rows.labeled & tested & since] = TEST
    return part


def _fold(rows: _Rows, train: Mask, draw: Integers, settings: FoldSettings) -> NDArray[np.int8]:
    size = rows.names.size
    count = np.bincount(rows.who[train], minlength=size)
    attacks = np.bincount(rows.who[train & rows.attack], minlength=size)
    member = np.flatnonzero(count)
    of_name = np.full(size, -1, dtype=np.int8)
    number = min(settings.folds, member.size)
    of_name[member] = balanced_folds(count[member], attacks[member], draw[member], folds=number)
    fold: NDArray[np.int8] = np.where(train, of_name[rows.who], -1).astype(np.int8)
    return fold


def _count(rows: _Rows, chosen: Mask, name: str) -> PartCount:
    mask = chosen & rows.labeled
    participants = np.unique(rows.who[mask]).size
    return PartCount(name, int(mask.sum()), int(participants), int((mask & rows.attack).sum()))


def _check_cohort(rows: _Rows, settings: FoldSettings, *, tomorrow: bool) -> None:
    participants = np.unique(rows.who[rows.labeled]).size
    needed = 2 * settings.least_participants
    if participants < needed:
        remedy = "Add the diaries of more participants"
        remedy += ", or test later days instead: folds: {split: time} in params.yaml." if tomorrow else "."
        if tomorrow and len(rows.names) >= needed:
            remedy = (
                "There are enough participants, but the day after each row is missing: check that the diary is daily "
                "and that a participant has the same name on all days."
            )
        raise DataRefused(
            f"{participants} participant(s) have a day whose outcome can be predicted; at least {needed} are needed, "
            f"half of them for the test part. {remedy}"
        )


def _check_parts(counts: tuple[PartCount, ...], settings: FoldSettings) -> None:
    participants, days = settings.least_participants, settings.least_attacks
    for count in counts:
        others = count.rows - count.attacks
        if count.part != "unused" and (count.participants < participants or min(count.attacks, others) < days):
            raise DataRefused(
                f"The {count.part} part has {count.participants} participant(s), {count.attacks} attacks and "
                f"{others} other days; at least {participants} participants and {days} of each kind of day are "
                f"needed. Add longer diaries or more participants, or change test_share and test_period."
            )
