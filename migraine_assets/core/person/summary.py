"""Everything that is computed from one participant's diary for a sheet.

Not here: forecasts (`prediction.past_forecasts`), the page (`sheet.page`).
"""

from dataclasses import dataclass

from migraine_assets.core.contract import Contract
from migraine_assets.core.features.diary import Diary
from migraine_assets.core.features.outcome import AttackDefinition
from migraine_assets.core.metrics.interval import Interval
from migraine_assets.core.person.associations import Associations, associations
from migraine_assets.core.person.calendar import Calendar, calendar_of
from migraine_assets.core.person.completeness import Completeness, completeness
from migraine_assets.core.person.months import Month, first_of_month, months_of
from migraine_assets.core.person.rates import PeriodRate, proportion, rates_over_time


@dataclass(frozen=True, eq=False)
class PersonSummary:
    """The summary of a period.

    `calendar`: its days. `whole_months`: the days of all months that it touches, which `months` counts. `rate`: the
    attack rate of the whole period, and `rates` every four weeks.
    """

    calendar: Calendar
    whole_months: Calendar
    months: tuple[Month, ...]
    rate: Interval
    rates: tuple[PeriodRate, ...]
    associations: Associations
    completeness: Completeness

    @property
    def attacks(self) -> int:
        """The attack days of the period."""
        return int((self.calendar.attack == 1).sum())

    @property
    def known(self) -> int:
        """The days of the period with a known outcome."""
        return int((self.calendar.attack >= 0).sum())


def summarize(diary: Diary, *, days: int, definition: AttackDefinition, contract: Contract) -> PersonSummary:
    """Summarize the last `days` calendar days of the dated `diary` of one participant, up to its last entry.

    The period begins with the first entry if that is later. Raises `ValueError` as `calendar_of` does.
    """
    first = max(int(diary.day[-1]) - days + 1, int(diary.day[0]))
    whole = calendar_of(diary, first=first_of_month(first), definition=definition, fields=contract)
    period = whole.since(first)
    attacks, known = int((period.attack == 1).sum()), int((period.attack >= 0).sum())
    return PersonSummary(
        period,
        whole,
        months_of(whole),
        proportion(attacks, known),
        rates_over_time(period),
        associations(period, contract),
        completeness(period, contract),
    )
