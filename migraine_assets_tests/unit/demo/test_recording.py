"""The recording of simulated days: a frame for each day, small enough for a README."""

import datetime as dt
from pathlib import Path

from PIL import Image

from demo.days import DAYS, SimulatedDay
from demo.recording import record

FIRST = dt.date(2026, 3, 1)


def _day(number: int) -> SimulatedDay:
    status = ("too little data", "none", "suspected", "drift")[min(number // 3, 3)]
    ratio = None if number < 3 else number / 4
    event = "drift: retrained on the new diary" if number == 10 else ""
    champion = "a" * 64 if number < 11 else "b" * 64
    return SimulatedDay(FIRST + dt.timedelta(days=number), 120, status, ratio, "sleep_hours", champion, event)


def test_a_frame_is_drawn_for_each_day(tmp_path: Path) -> None:
    record([_day(number) for number in range(DAYS)], tmp_path / "images" / "demo.gif")
    with Image.open(tmp_path / "images" / "demo.gif") as image:
        assert getattr(image, "n_frames", 1) == DAYS
        frames = []
        for number in range(DAYS):
            image.seek(number)
            frames.append(image.convert("RGB").tobytes())
    assert len(set(frames)) == DAYS, "every day adds a line"
    assert (tmp_path / "images" / "demo.gif").stat().st_size < 300_000
