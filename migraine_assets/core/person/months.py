"""Attack days and drug days of calendar months, and the limits of medication overuse.

ICHD-3 8.2 (Cephalalgia 2018;38:1): regular overuse for more than three months is an intake on 10 days a month or more
of triptans, ergots, opioids or combination analgesics, or on 15 days or more of simple analgesics. The diary does not
name the drug, so a month is compared with both limits. Not here: sentences (`sheet.sentences`).
"""

import calendar as months_of_years
import datetime as dt
from dataclasses import dataclass
from typing import Literal

import numpy as np

from migraine_assets.core.person.calendar import Calendar

LOWER_LIMIT, UPPER_LIMIT = 10, 15
Overuse = Literal["both", "lower", "below", "unknown"]
_EPOCH = dt.date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Month:
    """The days of a calendar month up to the last entry.

    `days`: of the whole month. `known`, `attacks`: days with a known outcome, and attack days among them. `drug_known`,
    `drugs`: days on which taking a drug is known, and days with a drug.
    """

    year: int
    month: int
    days: int
    known: int
    attacks: int
    drug_known: int
    drugs: int

    @property
    def most_drugs(self) -> int:
        """The drug days if a drug was taken on every unknown day of the whole month."""
        return self.drugs + self.days - self.drug_known

    @property
    def overuse(self) -> Overuse:
        """Which limits the drug days reach: "below" neither, whatever happened on the unknown days; "unknown" if these
        decide.
        """
        if self.drugs >= UPPER_LIMIT:
            return "both"
        if self.drugs >= LOWER_LIMIT:
            return "lower"
        return "below" if self.most_drugs < LOWER_LIMIT else "unknown"


def months_of(calendar: Calendar) -> tuple[Month, ...]:
    """Return the calendar months that `calendar` touches, in order."""
    days = [dt.date.fromordinal(calendar.first + _EPOCH + k) for k in range(len(calendar))]
    numbers = np.array([12 * day.year + day.month - 1 for day in days])
    return tuple(_month(calendar, int(number), numbers == number) for number in np.unique(numbers))


def first_of_month(day: int) -> int:
    """Return the first day of the month of `day`, both in days since 1970-01-01."""
    return dt.date.fromordinal(day + _EPOCH).replace(day=1).toordinal() - _EPOCH


def _month(calendar: Calendar, number: int, rows: np.ndarray) -> Month:
    year, month = number // 12, number % 12 + 1
    attack, drug = calendar.attack[rows], calendar.drug[rows]
    return Month(
        year,
        month,
        months_of_years.monthrange(year, month)[1],
        known=int(np.isfinite(attack).sum()),
        attacks=int(np.nansum(attack)),
        drug_known=int(np.isfinite(drug).sum()),
        drugs=int(np.nansum(drug)),
    )
