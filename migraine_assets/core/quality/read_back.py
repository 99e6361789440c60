"""The read-back of a delivery: figures that a person who knows the diary can check in ten seconds.

It has the participants, the period, the numbers of days and attacks, the coverage of the calendar, and the losses. Not
here: the readings of columns (`sources.read_columns`), rules and limits (the other modules of `core.quality`).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migraine_assets.core.contract import ATTACK
from migraine_assets.core.diary.columns import numbers
from migraine_assets.core.diary.validation import Validated
from migraine_assets.core.formatting import percent, plural, share

# A diary with a larger share of attack days, and a smaller coverage of the calendar, may have attack days only.
_FEW_QUIET, _FEW_DAYS = 0.5, 0.75


@dataclass(frozen=True)
class Group:
    """The accepted days of a participant or a file. Days are ISO 8601 dates."""

    name: str
    participants: int
    days: int
    attack_days: int
    first_day: str | None
    last_day: str | None


@dataclass(frozen=True)
class Loss:
    """A loss of rows or of values of a field.

    `share`: lost share of all rows or values; `on_attack_days`, `on_other_days`: lost shares by outcome. `p`: p-value
    of their difference.
    """

    effect: str
    field: str
    rule: str
    what: str
    count: int
    share: float
    on_attack_days: float
    on_other_days: float
    p: float


@dataclass(frozen=True)
class ReadBack:
    """The figures of a delivery.

    `coverage`: share of the days from each participant's first to last day that are in the diary; None without dates.
    `groups`: the files, or the participants if there is a single file. `what`: the definition of an attack, in words.
    """

    participants: int
    days: int
    first_day: str | None
    last_day: str | None
    attack_days: int
    quiet_days: int
    unknown_days: int
    coverage: float | None
    groups: tuple[Group, ...]
    losses: tuple[Loss, ...]
    clipped: tuple[tuple[str, int], ...] = ()
    what: str = "an attack"

    @property
    def attack_rate(self) -> float:
        """Share of the days with a known outcome that have an attack."""
        return share(self.attack_days, self.attack_days + self.quiet_days)

    def sentences(self) -> tuple[str, ...]:
        """Return the read-back as sentences."""
        when = f", {self.first_day} to {self.last_day}" if self.first_day else ", without dates"
        lines = [
            f"{plural(self.participants, 'participant')}, {plural(self.days, 'day')}{when}.",
            f"{plural(self.attack_days, 'day')} with {self.what} ({percent(self.attack_rate)}), "
            f"{self.quiet_days:,} without, {self.unknown_days:,} unknown.",
        ]
        if self.coverage is not None:
            lines.append(f"{percent(self.coverage)} of the days between first and last entry are in the diary.")
            if self.attack_rate > _FEW_QUIET and self.coverage < _FEW_DAYS:
                lines.append("It may contain only attack days. A model would then forecast far too many attacks.")
        if self.clipped:
            values = ", ".join(f"{name} ({count:,})" for name, count in self.clipped)
            lines.append(f"Clipped to the limits: {values}.")
        return tuple(lines)


def read_back(
    result: Validated, actions: pd.DataFrame, *, attack: NDArray[np.float64] | None = None, what: str = "an attack"
) -> ReadBack:
    """Compute the read-back of accepted rows; `actions` are the changes that preprocessing made.

    `attack` float64[n]: whether each row is an attack day, by default that of the contract. `what`: an attack in words.
    """
    valid = result.valid
    attack = numbers(valid, ATTACK) if attack is None else attack
    first, last = _ends(valid)
    by = "source_file" if valid["source_file"].nunique() > 1 else "participant_id"
    clips = actions[(actions["action"] == "clipped") & (actions["count"] > 0)]
    return ReadBack(
        participants=int(valid["participant_id"].nunique()),
        days=len(valid),
        first_day=first,
        last_day=last,
        attack_days=int((attack == 1).sum()),
        quiet_days=int((attack == 0).sum()),
        unknown_days=int(np.isnan(attack).sum()),
        coverage=_coverage(valid),
        groups=_groups(valid, by, attack),
        what=what,
        losses=_losses(result.reasons),
        clipped=tuple((str(row["field"]), int(row["count"])) for row in clips.to_dict("records")),
    )


def _groups(valid: pd.DataFrame, by: str, attack: NDArray[np.float64]) -> tuple[Group, ...]:
    """Return the groups by a column without nulls, in order of appearance."""
    # Compute all groups at once, because there may be as many as participants.
    columns = pd.DataFrame(
        {
            "by": valid[by].to_numpy(),
            "participant": pd.factorize(valid["participant_id"])[0],
            "attack": attack == 1,
            "date": valid["date"].to_numpy(),
        },
        copy=False,
    )
    grouped = columns.groupby("by", sort=False)
    sizes, attacks, days = grouped.size(), grouped["attack"].sum(), grouped["date"]
    participants = 1 if by == "participant_id" else grouped["participant"].nunique()
    table = pd.DataFrame({"participants": participants, "days": sizes, "attacks": attacks})
    ends = [_iso(end) for end in (days.min(), days.max())]
    return tuple(
        Group(str(name), int(people), int(size), int(count), first, last)
        for name, people, size, count, first, last in zip(
            table.index, table["participants"], table["days"], table["attacks"], *ends, strict=True
        )
    )


def _iso(days: pd.Series) -> list[str | None]:
    texts = np.datetime_as_string(days.to_numpy().astype("datetime64[D]"), unit="D")
    return [None if text == "NaT" else text for text in texts.tolist()]


def _ends(part: pd.DataFrame) -> tuple[str | None, str | None]:
    first, last = _iso(part["date"].agg(["min", "max"])) if len(part) else (None, None)
    return first, last


def _coverage(valid: pd.DataFrame) -> float | None:
    dated = valid["date"].notna().to_numpy()
    if not dated.any():
        return None
    keys = pd.DataFrame(
        {"participant": pd.factorize(valid["participant_id"])[0][dated], "date": valid["date"].to_numpy()[dated]}
    )
    days = keys.groupby("participant", sort=False)["date"]
    span = (days.max() - days.min()).dt.days + 1
    return float((len(keys) - keys.duplicated().sum()) / span.sum())


def _losses(reasons: pd.DataFrame) -> tuple[Loss, ...]:
    return tuple(
        Loss(
            effect=str(row["effect"]),
            field=str(row["field"]),
            rule=str(row["rule"]),
            what=str(row["what"]),
            count=int(row["rows"]),
            share=float(row["share"]),
            on_attack_days=float(row["attack_share"]),
            on_other_days=float(row["other_share"]),
            p=float(row["p"]),
        )
        for row in reasons.to_dict("records")
    )
