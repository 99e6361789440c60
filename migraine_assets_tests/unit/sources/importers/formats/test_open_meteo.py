import json
from typing import Any

import pytest

from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.limits import DEFAULT
from migraine_assets.sources.importers import registry
from migraine_assets.sources.importers.sheets import rows_of
from migraine_assets.sources.importers.side_table import SideTable

HEAD = "latitude,longitude,elevation,utc_offset_seconds,timezone,timezone_abbreviation\n47.4,8.5,410.0,3600,{},CET\n\n"
DAILY = """\
time,pressure_msl_mean (hPa),relative_humidity_2m_mean (%),temperature_2m_max (°F),temperature_2m_min (°F)
2024-01-15,1016.6,46,50,32
2024-01-16,1004.2,,59,41
2024-01-18,1005.1,88,59,41
"""


def hourly(hours: int = 48, start: int = 0, **columns: float) -> dict[str, Any]:
    times = [f"2024-01-{15 + hour // 24:02d}T{hour % 24:02d}:00" for hour in range(start, hours)]
    ramp = {name: [base + hour // 24 for hour in range(start, hours)] for name, base in columns.items()}
    return {
        "latitude": 47.4, "longitude": 8.5, "utc_offset_seconds": 3600, "timezone": "Europe/Zurich",
        "hourly_units": {"time": "iso8601", "temperature_2m": "°C"}, "hourly": {"time": times, **ramp},
    }  # fmt: skip


def table(content: str | bytes) -> SideTable:
    read = registry.read("w", content.encode() if isinstance(content, str) else content, DEFAULT)
    assert isinstance(read, SideTable)
    assert read.of_place
    return read


def days(content: str | bytes) -> dict[str | None, dict[str, str | None]]:
    return {row.pop("date"): row for row in rows_of(table(content).sheet)}


def test_a_csv_by_day() -> None:
    known = days(HEAD.format("Europe/Zurich") + DAILY)
    assert known["2024-01-15"] == {"weather_pressure": "1016.6", "humidity": "46", "temperature_change": None}
    # 9 degrees Fahrenheit are a change of 5 °C; the day before the 18th is missing.
    assert known["2024-01-16"] == {"weather_pressure": "1004.2", "humidity": None, "temperature_change": "5"}
    assert known["2024-01-18"]["temperature_change"] is None


def test_hours_become_means_of_a_day_and_partial_days_have_none() -> None:
    read = table(json.dumps(hourly(60, pressure_msl=1000.0, temperature_2m=3.0, relative_humidity_2m=50)))
    rows = {row.pop("date"): row for row in rows_of(read.sheet)}
    assert rows["2024-01-15"] == {"weather_pressure": "1000", "humidity": "50", "temperature_change": None}
    assert rows["2024-01-16"] == {"weather_pressure": "1001", "humidity": "51", "temperature_change": "1"}
    assert "2024-01-17" not in rows
    assert any("1 days with missing hours" in note for note in read.sheet.notes)


def test_a_single_afternoon_is_no_day() -> None:
    assert days(json.dumps(hourly(24, start=12, pressure_msl=1000.0))) == {}


def test_a_missing_hour_or_two_do_not_matter() -> None:
    document = hourly(24, pressure_msl=1000.0)
    document["hourly"]["pressure_msl"][3:5] = [None, None]
    assert days(json.dumps(document)) == {"2024-01-15": {"weather_pressure": "1000"}}


def test_seconds_since_1970_are_moved_to_local_days() -> None:
    document = hourly(24, pressure_msl=1000.0)
    # 23:00 UTC is midnight in Zurich.
    document["hourly"]["time"] = [1705273200 + 3600 * hour for hour in range(24)]
    assert list(days(json.dumps(document))) == ["2024-01-15"]


def test_days_of_utc_are_told() -> None:
    assert any("days are those of UTC" in note for note in table(HEAD.format("GMT") + DAILY).sheet.notes)
    assert not any("UTC" in note for note in table(HEAD.format("Europe/Zurich") + DAILY).sheet.notes)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (json.dumps([hourly(), hourly()]), "weather of 2 places"),
        (json.dumps(hourly(wind_speed_10m=3)), "without a variable of the diary"),
        (json.dumps(hourly(pressure_msl=3))[:-9], "damaged"),
        (HEAD.format("GMT") + DAILY + "2024-01-19,1\n", "damaged"),
        (json.dumps({**hourly(), "hourly": {"time": ["2024-01-15T00:00"], "pressure_msl": []}}), "differ in length"),
    ],
)
def test_others_are_refused(content: str, reason: str) -> None:
    with pytest.raises(DataRefused, match=reason):
        table(content)
