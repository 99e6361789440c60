"""The days of all owners at a moment, and the outcomes that were written in a period."""

from pathlib import Path

import pytest

from migraine_assets.stores.diaries import history
from migraine_assets.stores.diaries.database import open_database
from migraine_assets.stores.diaries.history import DiaryDay, Extent, days_at, days_written, extent
from migraine_assets.stores.diaries.statements import PROFILE
from migraine_assets_tests.support.kept_diaries import no_check, open_diaries

DAY = 20_000
SECOND = 1_000_000


def test_days_are_as_they_were_known_at_a_moment(tmp_path: Path) -> None:
    now = [10.0]
    with open_diaries(home=tmp_path, clock=lambda: now[0]) as diaries:
        key = diaries.names.pseudonym("anna")
        for now[0], day, changes in (
            (10.0, DAY, {"stress_level": 1}),
            (20.0, PROFILE, {"age": 30}),
            (30.0, DAY, {"stress_level": 2}),
            (40.0, DAY + 1, {"age": 31}),
            (50.0, DAY, {"stress_level": None}),
        ):
            diaries.put("", "anna", day, changes, check=no_check)
        known = {
            moment: [(each.day - DAY, each.values) for each in days_at(diaries.database, moment=moment * SECOND)]
            for moment in (5, 15, 25, 35, 45, 50)
        }
        now_known = list(days_at(diaries.database))
    first = {"stress_level": 1}
    assert known == {
        5: [],
        15: [(0, first)],
        25: [(0, first | {"age": 30})],
        35: [(0, {"stress_level": 2, "age": 30})],
        45: [(0, {"stress_level": 2, "age": 30}), (1, {"age": 31})],
        50: [(0, {"age": 30}), (1, {"age": 31})],
    }
    assert now_known == [DiaryDay(key, DAY, {"age": 30}), DiaryDay(key, DAY + 1, {"age": 31})]


def test_all_participants_of_all_owners_are_read_in_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "PAGE", 2)
    with open_diaries(home=tmp_path) as diaries:
        for k in range(5):
            for owner in ("", "north"):
                diaries.put(owner, f"P-{k}", DAY, {"stress_level": k}, check=no_check)
        read = list(days_at(diaries.database))
        keys = [diaries.names.pseudonym(f"P-{k}") for k in range(5)]
        assert {day.participant for day in read} == {*keys, *(f"{key}@north" for key in keys)}
        assert (len(read), extent(diaries.database).days, extent(diaries.database).participants) == (10, 10, 10)


def test_outcomes_are_those_of_the_period_and_of_known_participants(tmp_path: Path) -> None:
    now = [10.0]
    with open_diaries(home=tmp_path, clock=lambda: now[0]) as diaries:
        diaries.put("", "anna", DAY, {"migraine_occurrence": 1, "migraine_severity": 6}, check=no_check)
        diaries.put("", "anna", DAY + 1, {"stress_level": 3}, check=no_check)
        now[0] = 20.0
        diaries.put("", "anna", DAY, {"migraine_occurrence": 0, "migraine_severity": None}, check=no_check)
        # If two owners use the same id, its predictions cannot be assigned to one of them.
        for owner in ("north", "south"):
            diaries.put(owner, "berta", DAY, {"migraine_occurrence": 1}, check=no_check)
        read = [
            [(each.day - DAY, each.values) for each in days]
            for days in (
                days_written(diaries.database, first=first * SECOND, end=end * SECOND)
                for first, end in ((0, 15), (15, 30), (30, 40))
            )
        ]
    assert read == [
        [(0, {"migraine_occurrence": 1, "migraine_severity": 6}), (1, {"stress_level": 3})],
        [(0, {"migraine_occurrence": 0})],
        [],
    ]


def test_a_service_that_has_kept_nothing_has_no_file(tmp_path: Path) -> None:
    database = open_database(None, home=tmp_path)
    assert list(days_at(database)) == days_written(database, first=0, end=2**60) == []
    assert extent(database) == Extent(0, 0, 0)
    assert list(tmp_path.iterdir()) == []
