import datetime as dt

import pytest

from migraine_assets.errors import DataRefused
from migraine_assets.sources.importers.times import duration, local_time


@pytest.mark.parametrize(
    "text",
    ["2024-01-15 21:30", "2024-01-15T21:30:00Z", "2024-01-15 21:30:00 +0100", "2024-01-15 09:30PM", "15.01.2024 21:30",
     "01/15/24 21:30", "15 Jan 2024 21:30", "Jan 15, 2024 9:30 PM", "15. Januar 2024 21:30",
     "2024-01-15 9:30:00\u202fPM +1100"],
)  # fmt: skip
def test_the_wall_clock_time_is_kept(text: str) -> None:
    assert local_time(text, file="f", line=1) == dt.datetime(2024, 1, 15, 21, 30)


@pytest.mark.parametrize(
    ("text", "hours"), [("12h 30m", 12.5), ("08h 30m", 8.5), ("2d 3h", 51), ("45m", 0.75), ("1:45", 1.75), ("6.5", 6.5)]
)
def test_durations(text: str, hours: float) -> None:
    assert duration(text, file="f", line=1) == dt.timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "soon", "nan", "1e400"])
def test_others_are_refused_with_their_line(text: str) -> None:
    with pytest.raises(DataRefused, match="f line 4"):
        duration(text, file="f", line=4)
    with pytest.raises(DataRefused, match="f line 4"):
        local_time(text, file="f", line=4)


def test_seconds_since_1970_are_in_utc() -> None:
    moment = local_time("1705354200", file="f", line=1, keep_zone=True)
    assert moment == dt.datetime(2024, 1, 15, 21, 30, tzinfo=dt.UTC)
    # ISO 8601 reads these digits as a day of the year 1712.
    assert local_time("1712091700000", file="f", line=1) == dt.datetime(2024, 4, 2, 21, 1, 40)
