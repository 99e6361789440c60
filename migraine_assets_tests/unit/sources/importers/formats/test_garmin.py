import json

import pytest

from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.delivery import source_file
from migraine_assets.sources.files.limits import DEFAULT
from migraine_assets.sources.importers.sheets import rows_of
from migraine_assets.sources.importers.side_table import SideTable
from migraine_assets.sources.read_file import read_file

TABLE = """\
Sleep Score 4 Weeks,Score,Resting Heart Rate,Body Battery,Quality,Duration,Sleep Need,Bedtime,Wake Time
2024-01-16,82,52,65,Good,7h 32min,8h 0min,11:05 PM,6:50 AM
2024-01-15,--,--,--,--,--,8h 0min,--,--
"""
NIGHTS = [
    {"calendarDate": "2024-01-16", "deepSleepSeconds": 5400, "lightSleepSeconds": 14400, "remSleepSeconds": 7200,
     "awakeSleepSeconds": 1200, "sleepScores": {"overallScore": 82}},
    {"calendarDate": "2024-01-17", "sleepWindowConfirmationType": "UNCONFIRMED"},
]  # fmt: skip
DAYS = [{"calendarDate": {"date": "Jan 16, 2024 12:00:00 AM"}, "restingHeartRate": 52, "totalSteps": 9000}]
API = {"dailySleepDTO": {"calendarDate": "2024-01-16", "sleepTimeSeconds": 27000}, "restingHeartRate": 52}


def days(content: str) -> list[dict[str, str | None]]:
    table = read_file(source_file("garmin", content.encode()), None, DEFAULT)
    assert isinstance(table, SideTable)
    return list(rows_of(table.sheet))


def test_the_table_of_nights() -> None:
    missing, night = days(TABLE)
    assert missing == {"date": "2024-01-15", "sleep_hours": None, "sleep_score": None, "resting_heart_rate": None}
    assert night == {"date": "2024-01-16", "sleep_hours": "7.5333", "sleep_score": "82", "resting_heart_rate": "52"}


def test_time_awake_is_not_sleep() -> None:
    assert days(json.dumps(NIGHTS)) == [{"date": "2024-01-16", "sleep_hours": "7.5", "sleep_score": "82"}]


def test_days_and_single_answers() -> None:
    assert days(json.dumps(DAYS)) == [{"date": "2024-01-16", "resting_heart_rate": "52"}]
    assert days(json.dumps(API)) == [{"date": "2024-01-16", "sleep_hours": "7.5"}]


def test_dates_without_a_year_are_refused() -> None:
    with pytest.raises(DataRefused, match="without a date in 'Sleep Score 4 Weeks'"):
        days(TABLE.replace("2024-01-16", "Jan 16").replace("2024-01-15", "Jan 15"))
