"""The period of a sheet, and the whole months around it."""

import numpy as np

from migraine_assets.core.contract import CONTRACT
from migraine_assets.core.features.outcome import AttackDefinition
from migraine_assets.core.person.rates import proportion
from migraine_assets.core.person.summary import summarize
from migraine_assets_tests.unit.core.diaries import MONDAY, person


def test_a_period_ends_with_the_last_entry_and_its_months_are_whole() -> None:
    attack = (np.arange(100) % 5 == 0) * 1.0
    diary = person(range(100), migraine_occurrence=attack.tolist())
    found = summarize(diary, days=84, definition=AttackDefinition(), contract=CONTRACT)
    assert (found.calendar.first, found.calendar.last, len(found.calendar)) == (MONDAY + 16, MONDAY + 99, 84)
    assert (found.attacks, found.known) == (int(attack[16:].sum()), 84)
    assert found.rate == proportion(found.attacks, 84)
    assert [month.known for month in found.months] == [31, 29, 31, 9]
    assert len(found.rates) == 3


def test_a_short_diary_begins_with_its_first_entry() -> None:
    found = summarize(
        person([5, 6], migraine_occurrence=[1, 0]), days=84, definition=AttackDefinition(), contract=CONTRACT
    )
    assert (found.calendar.first, found.known, found.completeness.days) == (MONDAY + 5, 2, 2)
