import datetime as dt
from typing import Any

import pytest

from migraine_assets.errors import DataRefused
from migraine_assets.sources.columns.observation import Observation, Period, Unlisted
from migraine_assets.sources.importers.attacks import Attack, AttackList, days_of
from migraine_assets.sources.importers.sheets import rows_of

NIGHT = Attack(
    dt.datetime(2024, 2, 7, 19, 30), 2, dt.datetime(2024, 2, 8, 5, 30), severity=8, fields={"medication": "1"}
)


def observed(unlisted: Unlisted = "quiet", first: str = "2024-02-05", last: str = "2024-02-10") -> Observation:
    period = Period(dt.date.fromisoformat(first), dt.date.fromisoformat(last))
    return Observation({None: period}, unlisted)


def days(*attacks: Attack, observation: Observation | None = None, **parts: Any) -> dict[str | None, dict[str, Any]]:
    sheet = days_of(AttackList("list.csv", attacks, **parts), observation or observed())
    return {row["date"]: dict(row) for row in rows_of(sheet)}


def test_every_touched_day_is_an_attack_day_with_its_own_hours() -> None:
    known = days(NIGHT)
    assert [date for date, day in known.items() if day["migraine_occurrence"] == "1"] == ["2024-02-07", "2024-02-08"]
    assert [known[date]["duration_h"] for date in ("2024-02-07", "2024-02-08")] == ["4.5", "5.5"]
    assert [known[date]["migraine_severity"] for date in ("2024-02-07", "2024-02-08")] == ["8", "8"]
    assert [known[date]["medication"] for date in ("2024-02-07", "2024-02-08")] == ["1", None]


def test_an_attack_that_ends_at_midnight_does_not_touch_the_next_day() -> None:
    known = days(Attack(dt.datetime(2024, 2, 7, 20), 2, dt.datetime(2024, 2, 8)))
    assert known["2024-02-08"]["migraine_occurrence"] == "0"


def test_two_attacks_on_a_day_are_one_attack_day() -> None:
    second = Attack(dt.datetime(2024, 2, 8, 11, 30), 3, dt.datetime(2024, 2, 8, 13, 30), severity=5)
    day = days(NIGHT, second)["2024-02-08"]
    assert (day["migraine_severity"], day["duration_h"]) == ("8", "7.5")


def test_an_attack_of_more_than_72_hours_is_an_attack() -> None:
    known = days(Attack(dt.datetime(2024, 2, 5, 12), 2, dt.datetime(2024, 2, 9, 12)))
    assert [day["migraine_occurrence"] for day in known.values()] == ["1"] * 5 + ["0"]


def test_without_an_end_only_the_day_of_the_start_is_known() -> None:
    day = days(Attack(dt.datetime(2024, 2, 7), 2))["2024-02-07"]
    assert (day["migraine_occurrence"], day.get("duration_h")) == ("1", None)


def test_unlisted_days_are_quiet_only_where_the_mapping_says_so() -> None:
    assert len(days(NIGHT)) == 6
    assert list(days(NIGHT, observation=observed("unknown"))) == ["2024-02-07", "2024-02-08"]


def test_a_day_with_other_entries_is_unknown_unless_it_is_quiet() -> None:
    slept = {(None, dt.date(2024, 2, 6)): {"sleep_hours": "7"}}
    unknown = days(NIGHT, observation=observed("unknown"), daily=slept)["2024-02-06"]
    assert (unknown["sleep_hours"], unknown["migraine_occurrence"]) == ("7", None)
    assert days(NIGHT, daily=slept)["2024-02-06"]["migraine_occurrence"] == "0"


def test_each_participant_has_a_period() -> None:
    periods = {
        "p1": Period(dt.date(2024, 2, 7), dt.date(2024, 2, 9)),
        "p2": Period(dt.date(2024, 2, 1), dt.date(2024, 2, 2)),
    }
    attacks = [
        Attack(dt.datetime(2024, 2, 1, 9), 2, participant="p2"),
        Attack(dt.datetime(2024, 2, 8, 9), 3, participant="p1"),
    ]
    sheet = days_of(AttackList("list.csv", attacks), Observation(periods, "quiet"))
    assert [(row["participant_id"], row["migraine_occurrence"]) for row in rows_of(sheet)] == [
        ("p1", "0"), ("p1", "1"), ("p1", "0"), ("p2", "1"), ("p2", "0"),
    ]  # fmt: skip
    with pytest.raises(DataRefused, match="no period of observation"):
        days_of(AttackList("list.csv", attacks), Observation({"p1": periods["p1"]}, "quiet"))


def test_attacks_outside_the_period_are_left_out_with_a_note() -> None:
    sheet = days_of(AttackList("list.csv", [NIGHT]), observed(last="2024-02-07"))
    assert any("1 attack days outside the period" in note for note in sheet.notes)
    assert max(row["date"] or "" for row in rows_of(sheet)) == "2024-02-07"


def test_without_a_period_the_list_is_refused_with_the_remedy() -> None:
    with pytest.raises(DataRefused, match=r"observation: \{first: 2024-01-01, last: 2024-03-31\}"):
        days_of(AttackList("list.csv", [NIGHT]), None)


def test_an_end_before_the_start_is_refused_with_its_line() -> None:
    with pytest.raises(DataRefused, match="line 7: the attack lasts from"):
        days(Attack(dt.datetime(2024, 2, 7, 12), 7, dt.datetime(2024, 2, 7, 11)))
