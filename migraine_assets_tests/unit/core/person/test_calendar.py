"""The calendar of one participant: no gaps, null where nothing is known."""

import numpy as np
import pytest

from migraine_assets.core.features.outcome import AttackDefinition
from migraine_assets.core.person.calendar import calendar_of
from migraine_assets_tests.unit.core.diaries import MONDAY, person, undated

DIARY = person(
    [0, 1, 4], migraine_occurrence=[1, 0, 1], migraine_severity=[7, np.nan, 3], medication=[1, np.nan, 0]
)  # fmt: skip


def test_days_without_an_entry_are_null() -> None:
    days = calendar_of(DIARY, first=MONDAY - 1)
    assert (len(days), days.last) == (6, MONDAY + 4)
    assert days.entered.tolist() == [False, True, True, False, False, True]
    np.testing.assert_array_equal(days.attack, [np.nan, 1, 0, np.nan, np.nan, 1])
    np.testing.assert_array_equal(days.severity, [np.nan, 7, np.nan, np.nan, np.nan, 3])
    np.testing.assert_array_equal(days.drug, [np.nan, 1, np.nan, np.nan, np.nan, 0])
    assert np.isnan(days.values("stress_level")).all()


def test_a_later_beginning_cuts_every_column() -> None:
    days = calendar_of(DIARY, first=MONDAY).since(MONDAY + 1)
    assert (days.first, len(days), days.last) == (MONDAY + 1, 4, MONDAY + 4)
    np.testing.assert_array_equal(days.drug, [np.nan, np.nan, np.nan, 0])


def test_the_definition_decides_what_an_attack_day_is() -> None:
    days = calendar_of(DIARY, first=MONDAY, definition=AttackDefinition("migraine_severity", 5.0))
    np.testing.assert_array_equal(days.attack, [1, 0, np.nan, np.nan, 0])


@pytest.mark.parametrize("diary", [undated(1, migraine_occurrence=[1]), DIARY])
def test_a_calendar_needs_dated_days_since_its_beginning(diary: object) -> None:
    with pytest.raises(ValueError, match="dated diary of one participant"):
        calendar_of(diary, first=MONDAY + 5)  # type: ignore[arg-type]
