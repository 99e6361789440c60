import json

import pytest

from migraine_assets.sources.files.delivery import source_file
from migraine_assets.sources.files.limits import DEFAULT
from migraine_assets.sources.importers.sheets import rows_of
from migraine_assets.sources.importers.side_table import SideTable
from migraine_assets.sources.read_file import read_file

TRENDS = "date,Sleep Score,Total Sleep Duration,Lowest Resting Heart Rate,Average HRV\n2024-01-15,85,30960,52,41\n"
EXPORT = (
    "id;contributors;average_hrv;day;lowest_heart_rate;total_sleep_duration;type;bedtime_start\n"
    'a;"{""x"": 1}";41;2024-01-15;52;27000;long_sleep;2024-01-14T23:00:00+01:00\n'
    "b;{};30;2024-01-15;60;1800;late_nap;2024-01-15T13:00:00+01:00\n"
    "c;{};20;2024-01-15;40;9000;deleted;2024-01-15T15:00:00+01:00\n"
)
API = {"data": [{"day": "2024-01-15", "total_sleep_duration": 27000, "lowest_heart_rate": 52, "average_hrv": 41,
                 "type": "long_sleep"}], "next_token": None}  # fmt: skip
OLD = {"sleep": [{"summary_date": "2024-01-14", "bedtime_end": "2024-01-15T07:00:00+01:00", "total": 27000,
                  "hr_lowest": 52, "rmssd": 41}]}  # fmt: skip


def days(content: str) -> list[dict[str, str | None]]:
    table = read_file(source_file("oura", content.encode()), None, DEFAULT)
    assert isinstance(table, SideTable)
    return list(rows_of(table.sheet))


@pytest.mark.parametrize(
    ("content", "hours", "score"),
    [(TRENDS, "8.6", "85"), (EXPORT, "8", None), (json.dumps(API), "7.5", None), (json.dumps(OLD), "7.5", None)],
)
def test_every_version_of_the_export_gives_the_same_columns(content: str, hours: str, score: str | None) -> None:
    (day,) = days(content)
    assert day.pop("sleep_score", None) == score
    assert day == {"date": "2024-01-15", "sleep_hours": hours, "resting_heart_rate": "52", "hrv": "41"}


def test_attacks_beside_the_columns_of_oura_are_kept() -> None:
    (day,) = days("date;Migraine;Total Sleep Duration;note\n2024-01-15;1;30960;x\n")
    assert day == {"date": "2024-01-15", "Migraine": "1", "sleep_hours": "8.6", "note": "x"}
