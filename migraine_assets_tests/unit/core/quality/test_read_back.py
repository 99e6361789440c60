import datetime

import pandas as pd
import pytest

from migraine_assets.core.diary.preprocess import preprocess
from migraine_assets.core.diary.validation import ValidationSettings, validate
from migraine_assets.core.quality.read_back import ReadBack, read_back
from migraine_assets_tests.unit.core.raw_frames import TODAY, good_days


def _read(frame: pd.DataFrame) -> ReadBack:
    result = validate(frame, today=TODAY, settings=ValidationSettings())
    return read_back(result, preprocess(result.valid).actions)


def test_who_when_and_how_many() -> None:
    read = _read(good_days(4, 30))
    assert (read.participants, read.days, read.first_day, read.last_day) == (4, 120, "2024-01-01", "2024-01-30")
    assert (read.attack_days, read.quiet_days, read.unknown_days) == (40, 80, 0)
    assert read.attack_rate == pytest.approx(1 / 3)
    assert read.coverage == 1
    assert [group.name for group in read.groups] == ["p00", "p01", "p02", "p03"]
    assert read.sentences()[0] == "4 participants, 120 days, 2024-01-01 to 2024-01-30."


def test_gaps_are_the_days_between_first_and_last_that_are_missing() -> None:
    frame = good_days(2, 30)
    assert _read(frame[frame["date"].dt.day % 2 == 1]).coverage == pytest.approx(15 / 29)


def test_a_diary_of_attack_days_is_told_from_a_complete_one() -> None:
    frame = good_days(4, 30)
    quiet = frame["migraine_occurrence"] == 0
    attacks = frame[~quiet | (frame["date"] == frame["date"].min())]
    assert any("may contain only attack days" in sentence for sentence in _read(attacks).sentences())
    assert not any("may hold" in sentence for sentence in _read(frame).sentences())


def test_losses_and_clips_are_in_it() -> None:
    frame = good_days(4, 30)
    frame.loc[:5, "sleep_hours"] = 99.0
    frame.loc[6:9, "sleep_hours"] = 20.0
    frame.loc[10, "participant_id"] = None
    read = _read(frame)
    assert [(loss.effect, loss.field, loss.count) for loss in read.losses] == [
        ("quarantined", "participant_id", 1),
        ("nulled", "sleep_hours", 6),
    ]
    assert read.clipped == (("sleep_hours", 4),)
    assert "Clipped to the limits: sleep_hours (4)." in read.sentences()


def test_several_files_are_the_groups() -> None:
    frame = good_days(2, 10)
    frame.loc[:9, "source_file"] = "b.csv"
    assert [group.name for group in _read(frame).groups] == ["b.csv", "a.csv"]


def test_an_undated_diary_has_no_gaps() -> None:
    read = _read(good_days(2, 10).assign(date=pd.NaT))
    assert (read.coverage, read.first_day) == (None, None)
    assert "without dates" in read.sentences()[0]
    assert datetime.date.fromisoformat(str(_read(good_days(2, 10)).last_day))
