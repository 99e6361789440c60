import json

import pytest

from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.delivery import source_file
from migraine_assets.sources.files.limits import DEFAULT
from migraine_assets.sources.importers import registry
from migraine_assets.sources.importers.sheets import rows_of
from migraine_assets.sources.importers.side_table import SideTable
from migraine_assets.sources.read_file import read_file

CSV = """Body
Date,Weight,BMI,Fat
"2024-01-15","70","22","0"

Sleep
Start Time,End Time,Minutes Asleep,Minutes Awake,Number of Awakenings,Time in Bed,Minutes REM Sleep,Minutes Light Sleep
"2024-01-16 1:30PM","2024-01-16 2:00PM","30","0","0","30","N/A","N/A"
"2024-01-15 11:12PM","2024-01-16 7:05AM","1,414","41","22","473","N/A","N/A"
"2024-01-14 8:00PM","2024-01-14 11:30PM","200","41","22","473","N/A","N/A"

Foods
Date,Calories In
"2024-01-15","0"
"""
SLEEP = [
    {"logId": 1, "dateOfSleep": "2024-01-16", "startTime": "2024-01-15T23:12:00.000", "minutesAsleep": 420},
    {"logId": 2, "dateOfSleep": "2024-01-16", "startTime": "2024-01-16T13:12:00.000", "minutesAsleep": 30},
    {"logId": 1, "dateOfSleep": "2024-01-16", "startTime": "2024-01-15T23:12:00.000", "minutesAsleep": 420},
]
RATES = [
    {"dateTime": "01/31/24 00:00:00", "value": {"date": "01/31/24", "value": 58.25, "error": 6.7}},
    {"dateTime": "02/01/24 00:00:00", "value": {"date": None, "value": 0.0, "error": 0.0}},
]
SCORES = "sleep_log_entry_id,timestamp,overall_score,resting_heart_rate\n1,2024-01-16T07:05:00Z,81,57\n"


def days(content: str) -> dict[str | None, dict[str, str | None]]:
    table = registry.read("export", content.encode(), DEFAULT)
    assert isinstance(table, SideTable)
    return {row.pop("date"): row for row in rows_of(table.sheet)}


def test_the_sleeps_of_the_csv_belong_to_the_day_on_which_they_end() -> None:
    # From an export with several blocks in any order, including a nap.
    assert days(CSV) == {"2024-01-14": {"sleep_hours": "3.3333"}, "2024-01-16": {"sleep_hours": "24.0667"}}


@pytest.mark.parametrize("document", [SLEEP, {"sleep": SLEEP, "summary": {}}])
def test_a_sleep_in_two_exports_counts_once(document: object) -> None:
    assert days(json.dumps(document)) == {"2024-01-16": {"sleep_hours": "7.5"}}


def test_days_without_a_measured_heart_rate_have_none() -> None:
    assert days(json.dumps(RATES)) == {"2024-01-31": {"resting_heart_rate": "58.25"}}
    api = {"activities-heart": [{"dateTime": "2024-01-31", "value": {"restingHeartRate": 58}}]}
    assert days(json.dumps(api)) == {"2024-01-31": {"resting_heart_rate": "58"}}


def test_sleep_scores_are_a_table() -> None:
    table = read_file(source_file("sleep_score.csv", SCORES.encode()), None, DEFAULT)
    assert isinstance(table, SideTable)
    (row,) = rows_of(table.sheet)
    assert row == {"date": "2024-01-16", "sleep_score": "81", "resting_heart_rate": "57"}


@pytest.mark.parametrize(
    "content", ['[{"dateOfSleep": "2024-01-16", "minutesAsleep": ', '[{"dateOfSleep": "", "minutesAsleep": 1}]']
)
def test_a_torn_or_empty_export_is_refused(content: str) -> None:
    with pytest.raises(DataRefused, match=r"damaged Fitbit export|without any day"):
        registry.read("sleep.json", content.encode(), DEFAULT)
