import datetime as dt
from pathlib import Path

import pytest

from migraine_assets.core.diary.validation import ValidationSettings, validate
from migraine_assets.core.quality.delivery import raw_types, types_and_bounds
from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.sources.table import open_table

EVENTS = "patient,attack_start,attack_end,severity,medication\nA,2024-01-22 21:00,2024-01-23 03:00,3/10,Sumatriptan\n"
OBSERVED = "observation: {first: 2024-01-01, last: 2024-01-31}\nunlisted_days: quiet\n"
PERIOD = "observation: {first: 2024-01-21, last: 2024-01-24}\nunlisted_days: quiet\n"


def write(folder: Path, content: str, mapping: str) -> tuple[str, str]:
    (folder / "events.csv").write_text(content)
    (folder / "m.yaml").write_text(mapping)
    return str(folder / "events.csv"), str(folder / "m.yaml")


@pytest.mark.parametrize(
    ("header", "mapping"),
    [
        ("patient,attack_start,attack_end,severity,medication", PERIOD),
        (
            "wer,von,bis,wie,was",
            PERIOD + "events: {participant: wer, start: von, end: bis, severity: wie, medication: was}",
        ),
    ],
)
def test_columns_are_found_by_name_or_by_the_mapping(tmp_path: Path, header: str, mapping: str) -> None:
    content = EVENTS.replace(EVENTS.splitlines()[0], header)
    path, m = write(tmp_path, content, mapping)
    delivery = open_table(path, mapping=m)
    frame = delivery.frame
    assert frame["participant_id"].unique().tolist() == ["A"]
    assert frame["migraine_occurrence"].tolist() == [0, 1, 1, 0]
    assert frame["migraine_severity"].tolist()[1:3] == [3, 3]
    assert frame["medication"].tolist()[1] == 1
    assert any("was read as a list of attacks" in note for note in delivery.notes)
    valid = validate(frame, today=dt.date(2024, 2, 1), settings=ValidationSettings()).valid
    assert raw_types(frame).passed
    assert types_and_bounds(valid).passed


def test_the_advice_of_the_refusal_works_when_followed(tmp_path: Path) -> None:
    path, _ = write(tmp_path, EVENTS, "")
    with pytest.raises(DataRefused, match="lists 1 attacks") as refused:
        open_table(path)
    lines = [part for part in str(refused.value).split("'") if part.startswith(("observation", "unlisted"))]
    _, mapping = write(tmp_path, EVENTS, "\n".join(lines))
    assert open_table(path, mapping=mapping).frame["migraine_occurrence"].sum() == 2


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path, mapping = write(tmp_path, EVENTS, PERIOD + "events: {start: beginn}")
    with pytest.raises(ConfigurationError, match=r"'beginn', which events\.csv does not have"):
        open_table(path, mapping=mapping)


def test_other_spans_of_time_are_no_attacks(tmp_path: Path) -> None:
    path, mapping = write(
        tmp_path, "Start Time,End Time,Minutes In Bed\n2024-01-22 23:12,2024-01-23 07:05,473\n", PERIOD
    )
    with pytest.raises(DataRefused, match="has no outcome"):
        open_table(path, mapping=mapping)


@pytest.mark.parametrize(
    ("table", "hours"),
    [
        ("start,duration,severity\n2024-01-15 08:00,90,5\n2024-01-16 08:00,480,5\n", {15: 1.5, 16: 8}),
        ("start,duration,severity\n2024-01-15 08:00,1.5,5\n2024-01-16 08:00,8,5\n", {15: 1.5, 16: 8}),
        ("start,Duration (min),severity\n2024-01-15 08:00,9,5\n", {15: 0.15}),
        ("start,duration_h,severity\n2024-01-15 08:00,36,5\n", {15: 16, 16: 20}),
        ("Date,Start time,End time,Pain\n15/01/2024,8:00 PM,1:30 AM,5\n", {15: 4, 16: 1.5}),
        ("start;Duration (hours);severity\n2024-01-15 08:00;1,5;5\n2024-01-16 08:00;0,25;5\n", {15: 1.5, 16: 0.25}),
        ("start,lasted,severity\n2024-01-15 08:00,1 hour 30 minutes,5\n2024-01-16 08:00,2.5 h,5\n", {15: 1.5, 16: 2.5}),
        ("start,end,pain\n45306.875,45306.9375,5\n", {15: 1.5}),
        ("Started,Ended,Intensity\n01/15/2024 11:00 PM,01/16/2024 1:15 AM,7/10\n", {15: 1, 16: 1.25}),
    ],
)
def test_durations_and_times_in_other_forms(tmp_path: Path, table: str, hours: dict[int, float]) -> None:
    path, mapping = write(tmp_path, table, OBSERVED)
    delivery = open_table(path, mapping=mapping)
    frame = delivery.frame.set_index(delivery.frame["date"].dt.day)
    assert frame["duration_h"].dropna().to_dict() == hours
    if "duration,severity" in table:
        assert any("durations without a unit were read as" in note for note in delivery.notes)


def test_a_bad_cell_costs_the_cell(tmp_path: Path) -> None:
    rows = "".join(f"2024-01-{day} 08:00,2024-01-{day} 10:00,6\n" for day in range(10, 31))
    bad = "2024-01-09 08:00,later,5\n2024-01-08 08:00,2024-01-07 08:00,bad\nsoon,,5\n"
    path, mapping = write(tmp_path, f"start,end,severity\n{rows}{bad}", OBSERVED)
    delivery = open_table(path, mapping=mapping)
    frame = delivery.frame.set_index(delivery.frame["date"].dt.day)
    assert frame.loc[[8, 9], "migraine_occurrence"].tolist() == [1, 1]
    assert frame.loc[[8, 9], "duration_h"].isna().all()
    text = "\n".join(delivery.notes)
    assert "2 cells of the end cannot be used; they are unknown" in text
    assert "1 cells of the start cannot be used; such attacks were left out" in text
    assert "1 cells of the severity cannot be used" in text
    path, mapping = write(tmp_path, "start,end,severity\n" + bad * 2, OBSERVED)
    with pytest.raises(DataRefused, match="line 2: 'later' is not a time"):
        open_table(path, mapping=mapping)


@pytest.mark.parametrize(
    ("header", "cells", "expected"),
    [
        ("Pain (0-100)", ("70", "40"), [7, 4]),
        ("severity", ("severe", "mild"), [8, 2]),
        ("Pain (0-10)", ("7/10", "4"), [7, 4]),
    ],
)
def test_severities_in_other_forms(tmp_path: Path, header: str, cells: tuple[str, str], expected: list[float]) -> None:
    rows = "".join(
        f"2024-01-{day} 08:00,2024-01-{day} 10:00,{cell}\n" for day, cell in zip((21, 22), cells, strict=True)
    )
    path, mapping = write(tmp_path, f"start,end,{header}\n{rows}", OBSERVED)
    assert open_table(path, mapping=mapping).frame["migraine_severity"].dropna().tolist() == expected


def test_a_column_that_cannot_be_read_at_all_is_refused(tmp_path: Path) -> None:
    for row, reason in (
        ("whenever,2024-01-21 10:00,5", "'whenever' is not a time"),
        ("2024-01-21 08:00,2024-01-21 10:00,70", r"State its scale in the header, as in 'Pain \(0-100\)'"),
    ):
        path, mapping = write(tmp_path, f"start,end,severity\n{row}\n", OBSERVED)
        with pytest.raises(DataRefused, match=reason):
            open_table(path, mapping=mapping)


def test_a_shorter_scale_is_asked_for(tmp_path: Path) -> None:
    rows = "".join(f"2024-01-{day:02} 08:00,2024-01-{day:02} 10:00,{day % 3 + 1}\n" for day in range(1, 31))
    path, mapping = write(tmp_path, f"start,end,severity\n{rows}", OBSERVED)
    with pytest.raises(DataRefused, match="its scale may be 0-3 or 0-10") as refusal:
        open_table(path, mapping=mapping)
    line = str(refusal.value).rpartition("parts: ")[2]
    path, mapping = write(tmp_path, f"start,end,severity\n{rows}", OBSERVED + line[1:-1])
    severities = open_table(path, mapping=mapping).frame["migraine_severity"].dropna()
    assert sorted(severities.round(1).unique()) == [3.3, 6.7, 10]
    path, mapping = write(tmp_path, f"start,end,severity\n{rows}", OBSERVED + line[1:-1].replace("0-3", "high"))
    with pytest.raises(ConfigurationError, match="Write its ends, as in 0-5"):
        open_table(path, mapping=mapping)
