"""Drug days of a month and the overuse limits of ICHD-3, with unknown days."""

import numpy as np
import pytest

from migraine_assets.core.person.calendar import calendar_of
from migraine_assets.core.person.months import Month, first_of_month, months_of
from migraine_assets_tests.unit.core.diaries import MONDAY, person


def test_months_are_counted_up_to_the_last_entry() -> None:
    drug = [1.0] * 12 + [0.0] * 19 + [1.0, 0.0, np.nan]
    attack = [1.0] * 3 + [0.0] * 30 + [np.nan]
    january, february = months_of(
        calendar_of(person(range(34), migraine_occurrence=attack, medication=drug), first=MONDAY)
    )
    assert january == Month(2024, 1, 31, known=31, attacks=3, drug_known=31, drugs=12)
    assert february == Month(2024, 2, 29, known=2, attacks=0, drug_known=2, drugs=1)
    assert (january.overuse, february.overuse) == ("lower", "unknown")


@pytest.mark.parametrize(
    ("drugs", "known", "overuse"),
    [
        (15, 15, "both"), (14, 30, "lower"), (10, 10, "lower"), (9, 30, "below"), (9, 29, "unknown"),
        (4, 25, "below"), (5, 25, "unknown"), (0, 0, "unknown"),
    ],
)  # fmt: skip
def test_unknown_days_never_make_a_limit_seem_kept(drugs: int, known: int, overuse: str) -> None:
    assert Month(2024, 4, 30, known=30, attacks=0, drug_known=known, drugs=drugs).overuse == overuse


def test_a_month_begins_on_its_first_day() -> None:
    assert first_of_month(MONDAY) == MONDAY
    assert first_of_month(MONDAY + 59) == MONDAY + 31
