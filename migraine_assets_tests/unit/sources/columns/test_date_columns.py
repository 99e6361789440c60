import datetime

import pyarrow as pa
import pytest

from migraine_assets.errors import DataRefused
from migraine_assets.sources.columns.date_columns import decide, refuse_utc_stamps

EPOCH = datetime.date(1970, 1, 1)


def _read(cells: list[str], *, timezone: str | None = None) -> list[datetime.date | None]:
    reading = decide(cells, column="date", timezone=timezone)
    days = [reading.parse(cell) for cell in cells]
    return [None if day is None else EPOCH + datetime.timedelta(days=day) for day in days]


def _month() -> list[datetime.date]:
    return [datetime.date(2024, 1, 1) + datetime.timedelta(days=day) for day in range(60)]


def test_dates_that_a_spreadsheet_exchanged_are_exchanged_back() -> None:
    # A spreadsheet that expects the month first converts the day-first dates that have no day above 12.
    cells = [f"{day.year}-{day.day:02}-{day.month:02}" if day.day <= 12 else f"{day:%d/%m/%Y}" for day in _month()]
    assert _read(cells) == _month()
    assert "swapped back" in decide(cells, column="date", timezone=None).notes[0]


def test_serial_numbers_that_a_spreadsheet_exchanged_are_exchanged_back() -> None:
    base = datetime.date(1899, 12, 30)
    cells = [
        str((day.replace(month=day.day, day=day.month) - base).days) if day.day <= 12 else f"{day:%d.%m.%Y}"
        for day in _month()
    ]
    assert _read(cells) == _month()


def test_iso_dates_beside_text_of_the_same_days_are_not_exchanged() -> None:
    cells = [f"{day:%Y-%m-%d}" if day.day % 2 else f"{day:%d/%m/%Y}" for day in _month()]
    assert _read(cells) == _month()


def test_serial_numbers_are_days_and_told() -> None:
    assert _read(["45300", "45301.75"]) == [datetime.date(2024, 1, 9), datetime.date(2024, 1, 10)]
    assert "serial numbers of Excel" in decide(["45300"], column="date", timezone=None).notes[0]


@pytest.mark.parametrize("scale", [1, 1000])
def test_times_since_1970_need_a_time_zone_unless_they_are_midnights(scale: int) -> None:
    noon = datetime.datetime(2024, 1, 9, 20, tzinfo=datetime.UTC)
    cell = str(int(noon.timestamp()) * scale)
    with pytest.raises(DataRefused, match=r"times since 1970.*timezone: Europe/Berlin"):
        _read([cell])
    assert _read([cell], timezone="Pacific/Auckland") == [datetime.date(2024, 1, 10)]
    midnight = str(int(noon.replace(hour=0).timestamp()) * scale)
    assert _read([midnight]) == [datetime.date(2024, 1, 9)]


@pytest.mark.parametrize("cell", ["2024-01-10T04:10:00Z", "2024-01-10 04:10:00+00:00", "2024-01-10T04:10:00.000Z",
                                  "2024-01-10 04:10 UTC"])  # fmt: skip
def test_an_evening_in_utc_needs_a_time_zone(cell: str) -> None:
    with pytest.raises(DataRefused, match="times in UTC"):
        _read([cell])
    assert _read([cell], timezone="America/Denver") == [datetime.date(2024, 1, 9)]


@pytest.mark.parametrize("cells", [
    ["2024-01-10T04:10:00+13:00"], ["2024-01-10T00:00:00Z"], ["2024-01-10 23:30"],
    ["2024-01-10T23:30:00+00:00", "2024-07-10T23:30:00+01:00"],
])  # fmt: skip
def test_local_times_and_midnights_keep_their_day(cells: list[str]) -> None:
    assert _read(cells)[0] == datetime.date(2024, 1, 10)


def test_timestamps_in_utc_need_a_time_zone_too() -> None:
    evening = pa.array([datetime.datetime(2024, 1, 10, 4, tzinfo=datetime.UTC), None])
    with pytest.raises(DataRefused, match="times in UTC"):
        refuse_utc_stamps(evening, column="date")
    refuse_utc_stamps(pa.array([datetime.datetime(2024, 1, 10, tzinfo=datetime.UTC)]), column="date")
    refuse_utc_stamps(evening.cast(pa.timestamp("us", "America/Denver")), column="date")


@pytest.mark.parametrize("cell", [
    "9. März 2024", "9 mars 2024", "9 de marzo de 2024", "9 марта 2024", "9. maaliskuuta 2024", "9-Mar-24",
    "Sat, 09 Mar 2024", "Samstag, 9. März 2024", "March 9th, 2024", "9 Mart 2024", "9 marca 2024", "9.3.24",
])  # fmt: skip
def test_months_have_names_in_many_languages(cell: str) -> None:
    assert _read([cell]) == [datetime.date(2024, 3, 9)]


def test_two_digit_years_are_read_with_slashes_but_not_with_hyphens() -> None:
    assert _read(["1/9/24", "1/13/24"]) == [datetime.date(2024, 1, 9), datetime.date(2024, 1, 13)]
    assert _read(["24-01-09"]) == [None]
