"""What a diary lacks."""

import numpy as np

from migraine_assets.core.contract import CONTRACT
from migraine_assets.core.person.calendar import calendar_of
from migraine_assets.core.person.completeness import completeness
from migraine_assets_tests.unit.core.diaries import MONDAY, person


def test_gaps_and_fields_are_counted() -> None:
    diary = person(
        [0, 1, 2, 6, 7, 9],
        migraine_occurrence=[1, 0, 1, 0, 0, 0],
        migraine_severity=[5] + [np.nan] * 5,
        stress_level=[3, 4, 5, 6, 7, 8],
        sleep_hours=[7] + [np.nan] * 5,
    )
    found = completeness(calendar_of(diary, first=MONDAY - 2), CONTRACT)
    assert (found.days, found.entered, found.longest_gap) == (12, 6, 3)
    assert dict(found.rarely) == {"sleep_hours": 1 / 6}
    # Severity is filled on one of two attack days, which is not rarely.
    assert {"duration_h", "humidity", "medication"} <= set(found.never)
    assert not {"stress_level", "migraine_severity", "age", "sex"} & set(found.never)
