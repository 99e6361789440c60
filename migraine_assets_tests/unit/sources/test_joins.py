"""Side tables are joined to diaries when a delivery is read."""

import json
from pathlib import Path

import pandas as pd
import pytest

from migraine_assets.core.contract import CONTRACT, Field
from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.sources.files.delivery import Delivery
from migraine_assets.sources.table import open_table, repeat_table
from migraine_assets_tests.unit.sources.diaries import write

DIARY = "participant_id,date,sleep_hours,sex,migraine_occurrence\n" + "".join(
    f"{who},2024-01-{day},{hours},,{day % 2}\n" for who in ("ann", "bea") for day, hours in ((15, 7), (16, ""), (17, 6))
)
ONE = DIARY[: DIARY.index("bea")]
FITBIT = "Sleep\nStart Time,End Time,Minutes Asleep\n" + "".join(
    f'"2024-01-{day - 1} 11:12PM","2024-01-{day} 7:05AM","{minutes}"\n'
    for day, minutes in ((15, 421), (16, 480), (17, 420), (20, 1))
)
WEATHER = json.dumps({
    "latitude": 47.4, "longitude": 8.5, "timezone": "Europe/Zurich", "daily_units": {"pressure_msl_mean": "hPa"},
    "daily": {"time": ["2024-01-15", "2024-01-16"], "pressure_msl_mean": [1016.6, 1004.2]},
})  # fmt: skip


def joined(folder: Path, diary: str, mapping: str | None = None, contract: object = None, **files: str) -> Delivery:
    for name, content in {"diary.csv": diary, **files}.items():
        write(folder / "in", name, content)
    stated = write(folder, "m.yaml", mapping) if mapping else None
    return open_table(str(folder / "in"), mapping=stated, **({"contract": contract} if contract else {}))


def test_the_diary_wins_and_what_differs_is_told(tmp_path: Path) -> None:
    delivery = joined(tmp_path, ONE, **{"sleep.csv": FITBIT})
    assert delivery.frame["sleep_hours"].tolist() == [7, 8, 6]
    text = "\n".join(delivery.notes)
    assert "sleep.csv (Fitbit, sleep) was joined by date to 3 of 3 days; 1 of its 4 days are not in the diary." in text
    # Seven hours and a minute count as seven hours.
    assert "sleep_hours: 1 values are from sleep.csv" in text
    assert "On 1 of 2 days, the diary has a different value (by 1 on average), which was kept." in text
    assert [(column.field, column.file) for column in delivery.columns][-1] == ("sleep_hours", "sleep.csv")
    assert set(delivery.frame["source_file"]) == {"diary.csv"}
    (join,) = delivery.joined
    assert (join.files, join.keys, join.joined, join.rows, join.unmatched) == (("sleep.csv",), ("date",), 3, 4, 1)
    (field,) = join.fields
    assert (field.field, field.added, field.same, field.different, field.mean_difference) == ("sleep_hours", 1, 1, 1, 1)


def test_weather_is_that_of_all_and_sleep_is_of_one(tmp_path: Path) -> None:
    delivery = joined(tmp_path / "a", DIARY, **{"w.json": WEATHER})
    assert delivery.frame["weather_pressure"].dropna().tolist() == [1016.6, 1004.2] * 2
    assert any("4 of 6 days of all 2 participants" in note for note in delivery.notes)
    with pytest.raises(DataRefused, match="has no participant, and the diary has 2") as refusal:
        joined(tmp_path / "b", DIARY, **{"sleep.csv": FITBIT})
    remedy = str(refusal.value).rpartition(": {")[2]
    mapping = "{" + remedy.replace("<participant>", "bea")
    frame = joined(tmp_path / "b", DIARY, mapping, **{"sleep.csv": FITBIT}).frame
    assert frame["sleep_hours"].isna().tolist() == [False, True, False, False, False, False]


def test_a_table_of_ones_own_is_joined_by_participant_and_date(tmp_path: Path) -> None:
    lab = "who;day;slept;duration\nann;16.01.2024;420;3\nbea;16.01.2024;390;3\ncid;16.01.2024;300;3\nbea;;1;1\n"
    mapping = (
        "match_names: true\njoin:\n  - file: lab*.csv\n    match_names: true\n"
        "    columns: {participant_id: who, date: day, sleep_hours: {column: slept, unit: min}}\n"
    )
    delivery = joined(tmp_path, DIARY, mapping, **{"lab1.csv": lab})
    assert delivery.frame["sleep_hours"].tolist() == [7, 7, 6, 7, 6.5, 6]
    # The duration in this file is not that of an attack.
    assert delivery.frame["duration_h"].isna().all()
    # Also those who are not in the diary: an erasure looks for them.
    assert delivery.joined_participants == {"ann", "bea", "cid"}
    text = "\n".join(delivery.notes)
    assert "1 rows have no usable participant_id or date" in text
    assert "1 of its 3 days are not in the diary" in text


def test_a_table_of_participants_has_no_date(tmp_path: Path) -> None:
    mapping = "{match_names: true, join: [{file: people.csv, match_names: true}]}"
    delivery = joined(tmp_path, DIARY, mapping, **{"people.csv": "participant_id,sex,age\nann,F,40\nbea,M,50\n"})
    assert delivery.frame["sex"].tolist() == ["F"] * 3 + ["M"] * 3
    assert delivery.frame["age"].tolist() == [40] * 3 + [50] * 3


def test_days_with_several_rows_are_asked_for(tmp_path: Path) -> None:
    rows = "participant_id,date,hydration\nann,2024-01-15,1\nann,2024-01-15,2\nann,2024-01-16,1\nann,2024-01-16,1\n"
    mapping = "{match_names: true, join: [{file: water.csv, match_names: true%s}]}"
    with pytest.raises(DataRefused, match=r"1 of its days have several rows that differ.*'entries: day' beside"):
        joined(tmp_path, ONE, mapping % "", **{"water.csv": rows})
    frame = joined(tmp_path, ONE, mapping % ", entries: day", **{"water.csv": rows}).frame
    assert frame["hydration"].dropna().tolist() == [1.5, 1]


def test_a_later_file_of_an_export_supersedes_an_earlier_one(tmp_path: Path) -> None:
    files = {f"w{number}.json": WEATHER.replace("1016.6", f"101{number}.6") for number in (1, 2)}
    delivery = joined(tmp_path, ONE, **files)
    assert delivery.frame["weather_pressure"].dropna().tolist() == [1012.6, 1004.2]
    assert any("w1.json and 1 more files (Open-Meteo): 1 rows are superseded" in note for note in delivery.notes)


def test_unreadable_cells_are_counted_with_those_of_the_diary(tmp_path: Path) -> None:
    rows = "participant_id,date,hydration\nann,2024-01-15,much\nann,2024-01-16,1\n"
    mapping = "{match_names: true, join: [{file: water.csv, match_names: true}]}"
    frame = joined(tmp_path, ONE, mapping, **{"water.csv": rows}).frame
    assert frame["nulled"].tolist() == ["hydration='much' is not a number", None, None]


def test_a_field_of_ones_own_is_joined(tmp_path: Path) -> None:
    own = Field("resting_heart_rate", "number", "exposure", "At rest.", "bpm", 20, 200)
    rates = json.dumps([{"dateTime": "01/15/24 00:00:00", "value": {"value": 58.0, "error": 6.0}}])
    frame = joined(tmp_path, ONE, contract=CONTRACT.updated((own,)), **{"hr.json": rates}).frame
    assert frame["resting_heart_rate"].dropna().tolist() == [58]
    delivery = joined(tmp_path, ONE, **{"hr.json": rates})
    assert any("ignored: 'resting_heart_rate'. To read one, declare it" in note for note in delivery.notes)


@pytest.mark.parametrize(
    ("join", "error", "reason"),
    [
        ("[{file: nothing.csv}]", ConfigurationError, "joins 'nothing.csv', which is not among the files"),
        ("[{file: w.json, participants: [eve]}]", ConfigurationError, "has 1 names that are not in the diary"),
        ("[{file: w.json, columns: {migraine_occurrence: x}}]", ConfigurationError, "An outcome is part of the diary"),
        ("[{file: w.json, fields: x}]", ConfigurationError, "unknown key 'fields'"),
        ("[{columns: {date: x}}]", ConfigurationError, "names no file"),
        ("w.json", ConfigurationError, "must be a list of files"),
        ("[{file: late.csv, match_names: true}]", DataRefused, "State 'participants: .<participant>.' .or all"),
        (
            "[{file: late.csv, match_names: true, participants: all}]",
            DataRefused,
            "joined by date to 0 of 6 days.*Check its dates",
        ),
        ("[{file: bare.csv, match_names: true}]", DataRefused, "neither a date nor a participant"),
    ],
)
def test_a_join_that_cannot_be_right_is_refused(tmp_path: Path, join: str, error: type[Exception], reason: str) -> None:
    files = {"w.json": WEATHER, "late.csv": "date,humidity\n2025-01-15,50\n", "bare.csv": "humidity\n50\n"}
    named = {name: content for name, content in files.items() if name in join or name == "w.json"}
    with pytest.raises(error, match=reason):
        joined(tmp_path, DIARY, f"match_names: true\njoin: {join}\n", **named)


def test_a_table_without_an_outcome_beside_a_diary_is_refused_with_the_way_to_join_it(tmp_path: Path) -> None:
    water = "participant_id,date,hydration\nann,2024-01-15,1\n"
    with pytest.raises(DataRefused, match=r"water.csv has no outcome.*join it: {match_names") as refusal:
        joined(tmp_path, ONE, **{"water.csv": water})
    mapping = str(refusal.value).rpartition("join it: ")[2]
    assert joined(tmp_path, ONE, mapping, **{"water.csv": water}).frame["hydration"].dropna().tolist() == [1]


def test_a_kept_delivery_is_joined_again(tmp_path: Path) -> None:
    mapping = "{match_names: true, join: [{file: w.json, participants: [ann]}]}"
    first = joined(tmp_path, DIARY, mapping, **{"w.json": WEATHER})
    again = repeat_table(first.files, md5=first.md5, mapping=first.mapping, source="table", description="")
    pd.testing.assert_frame_equal(again.frame, first.frame)
    assert again.notes == first.notes
    assert first.frame["weather_pressure"].notna().tolist() == [True, True, False, False, False, False]


def test_one_export_for_each_participant_is_joined_by_the_names_of_the_files(tmp_path: Path) -> None:
    mapping = "{match_names: true, join: [{file: sleep/*.csv, columns: {participant_id: {from: file_name}}}]}"
    files = {"sleep/ann.csv": FITBIT, "sleep/bea.csv": FITBIT.replace("480", "390")}
    frame = joined(tmp_path, DIARY, mapping, **files).frame
    assert frame["sleep_hours"].tolist() == [7, 8, 6, 7, 6.5, 6]
    with pytest.raises(
        ConfigurationError, match=r"export of Fitbit, sleep, which is read without a mapping. Remove 'sleep"
    ):
        joined(
            tmp_path,
            DIARY,
            mapping.replace("{from: file_name}", "{from: file_name}, sleep_hours: Minutes Asleep"),
            **files,
        )
