"""Who trains and who tests: temporal validation by enrolment, and grouped folds for cross-validation.

The test participants are those who joined last, their rows are scored from a cut day on, and nothing that
happens from that day on trains a model: other people at a later time (TRIPOD type 2b, Moons et al. 2015, Ann
Intern Med 162:W1). What is neither is left unused and counted: the training participants' days from the cut on,
and the test participants' days before it, which still feed the features of their later days.

Not here: what a label is (`core.features.labels`). The result does not depend on the order of rows.
"""

import hashlib
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import Interval as Range
from numpy.typing import NDArray

from migraine_assets.errors import DataRefused

Integers = NDArray[np.int64]


def balanced_folds(rows: Integers, attacks: Integers, draw: Integers, *, folds: int) -> NDArray[np.int8]:
    """The fold 0..folds-1 of each participant, int8[G], from their rows and attacks int64[G].

    Largest first, each to the fold that is then least loaded (longest processing time first, Graham 1969),
    where a fold's load is its larger share of rows or attacks. `draw` int64[G], all different, decides between
    equals.
    """
    total_rows, total_attacks = max(1, int(rows.sum())), max(1, int(attacks.sum()))
    order = np.lexsort((draw, -attacks, -rows))
    held_rows, held_attacks = [0] * folds, [0] * folds
    found = np.empty(rows.size, dtype=np.int8)
    numbers = range(folds)
    # Plain integers: a million participants with a row each are a matter of seconds.
    for place, n, a in zip(order.tolist(), rows[order].tolist(), attacks[order].tolist(), strict=True):
        loads = [((held_rows[k] + n) * total_attacks, (held_attacks[k] + a) * total_rows, k) for k in numbers]
        chosen = min((max(r, t), r + t, k) for r, t, k in loads)[2]
        held_rows[chosen] += n
        held_attacks[chosen] += a
        found[place] = chosen
    return found


UNUSED, TRAIN, TEST = 0, 1, 2
PARTS = {TRAIN: "train", TEST: "test", UNUSED: "unused"}

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class FoldSettings:
    """Shares and minima of the split; `seed` decides between participants who joined on the same day."""

    test_share: Annotated[float, Range(ge=0.01, le=0.9)] = 0.2
    test_period: Annotated[float, Range(ge=0.01, le=0.9)] = 0.25
    folds: Annotated[int, Range(ge=2, le=100)] = 5
    seed: int = 20240229
    least_participants: Annotated[int, Range(ge=1, le=1_000_000)] = 2
    least_attacks: Annotated[int, Range(ge=1, le=1_000_000)] = 5


@dataclass(frozen=True)
class PartCount:
    """The labelled rows, participants and attacks of one part."""

    part: str
    rows: int
    participants: int
    attacks: int


@dataclass(frozen=True)
class Folds:
    """`part` int8[n]: 1 train, 2 test, 0 unused. `fold` int8[n]: 0..k-1 in training, else -1.

    Rows without a label are unused, and in no count. `cut_day`: days since 1970-01-01, None for an undated
    source.
    """

    part: NDArray[np.int8]
    fold: NDArray[np.int8]
    cut_day: int | None
    counts: tuple[PartCount, ...]

    def training(self, label_day: Integers) -> Mask:
        """Training rows whose label is known (`label_day` int64[n]) before the cut day, for a longer label."""
        before = np.ones(self.part.size, dtype=bool) if self.cut_day is None else label_day < self.cut_day
        mask: Mask = (self.part == TRAIN) & before
        return mask


@dataclass(frozen=True)
class _Rows:
    """The input by participant code: `who` int64[n] into `names`, and what is known of each row."""

    names: NDArray[np.object_]
    who: Integers
    day: Integers
    labelled: Mask
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

    `participant` [n] names, `day` int64[n] (days since 1970-01-01, the day whose features are used),
    `has_label` bool[n], `attack` float64[n] the attack label (NaN unknown), which balances folds and decides
    whether there is enough to learn from; the label lies `ahead` days after `day`. Raises `DataRefused` where
    there is too little to train and test on.
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
    """Each name's place in an order that depends on the seed and the name alone: int64[G]."""
    digests = [hashlib.sha256(f"{seed}:{name}".encode()).digest() for name in names]
    place = np.empty(len(digests), dtype=np.int64)
    place[sorted(range(len(digests)), key=digests.__getitem__)] = np.arange(len(digests))
    return place


def _testers(rows: _Rows, draw: Integers, *, dated: bool, settings: FoldSettings) -> Mask:
    """The participants (with a label) who joined last, by their first diary day: bool[G]."""
    first = np.full(rows.names.size, np.iinfo(np.int64).max)
    np.minimum.at(first, rows.who, rows.day)
    joined = first if dated else np.zeros_like(first)
    usable = np.flatnonzero(np.bincount(rows.who, rows.labelled, rows.names.size) > 0)
    order = usable[np.lexsort((draw[usable], joined[usable]))]
    number = max(settings.least_participants, round(settings.test_share * usable.size))
    tester = np.zeros(rows.names.size, dtype=bool)
    tester[order[-number:]] = True
    return tester


def _cut_day(rows: _Rows, tested: Mask, *, ahead: int, settings: FoldSettings) -> int:
    """The first day of the test period: late among the labels, and not before a test participant has joined.

    Late is the (1 - test_period) quantile of the label days, of everybody's or of the test participants' own,
    whichever is earlier: where they stopped long before others, their days must not all be unused.
    """
    joined = int(rows.day[tested].min())
    late = (_late(rows.day[chosen] + ahead, settings) for chosen in (rows.labelled, rows.labelled & tested))
    return max(joined, min(late))


def _late(days: Integers, settings: FoldSettings) -> int:
    return int(np.sort(days)[int((1 - settings.test_period) * (days.size - 1))])


def _parts(rows: _Rows, tested: Mask, cut: int | None, *, ahead: int) -> NDArray[np.int8]:
    before = np.ones(rows.who.size, dtype=bool) if cut is None else rows.day + ahead < cut
    since = np.ones(rows.who.size, dtype=bool) if cut is None else rows.day >= cut
    part = np.full(rows.who.size, UNUSED, dtype=np.int8)
    part[rows.labelled & ~tested & before] = TRAIN
    part[rows.labelled & tested & since] = TEST
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
    mask = chosen & rows.labelled
    people = np.unique(rows.who[mask]).size
    return PartCount(name, int(mask.sum()), int(people), int((mask & rows.attack).sum()))


def _check_cohort(rows: _Rows, settings: FoldSettings, *, tomorrow: bool) -> None:
    people = np.unique(rows.who[rows.labelled]).size
    needed = 2 * settings.least_participants
    if people < needed:
        remedy = "Add the diaries of more people."
        if tomorrow and len(rows.names) >= needed:
            remedy = (
                "There are people enough, but the day after a row is missing from the diary: keep it daily, and "
                "check that a participant has the same name on all days."
            )
        raise DataRefused(
            f"{people} participant(s) have a day whose outcome can be predicted; at least {needed} are needed, "
            f"half of them to test on. {remedy}"
        )


def _check_parts(counts: tuple[PartCount, ...], settings: FoldSettings) -> None:
    people, days = settings.least_participants, settings.least_attacks
    for count in counts:
        others = count.rows - count.attacks
        if count.part != "unused" and (count.participants < people or min(count.attacks, others) < days):
            raise DataRefused(
                f"The {count.part} part has {count.participants} participant(s), {count.attacks} attacks and "
                f"{others} other days; at least {people} participants and {days} of each kind of day are "
                f"needed. Add longer diaries or more people, or change test_share and test_period."
            )
