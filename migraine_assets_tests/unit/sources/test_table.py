import gzip
import re
from decimal import Decimal
from pathlib import Path

import fsspec
import numpy as np
import pandas as pd
import pytest

from migraine_assets.core.contract import FIELDS
from migraine_assets.core.dvc_hash import md5
from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.sources.files.delivery import RAW_COLUMNS
from migraine_assets.sources.table import open_table, repeat_table
from migraine_assets_tests.unit.sources.diaries import FLAT_HEADER, SMALL, read, write


def test_the_frame_has_every_raw_column_with_its_type(tmp_path: Path) -> None:
    delivery = read(tmp_path, SMALL)
    frame = delivery.frame
    assert tuple(frame.columns) == RAW_COLUMNS
    kinds = {
        "number": "float64",
        "flag": "float64",
        "date": "datetime64[ns]",
        "string": "object",
        "category": "object",
    }
    assert {field.name: str(frame[field.name].dtype) for field in FIELDS} == {
        field.name: kinds[field.kind] for field in FIELDS
    }
    assert frame["source_row"].tolist() == [2, 3]
    assert frame["source_row"].dtype == np.int64
    assert set(frame["source_file"]) == {"diary.csv"}
    assert frame[["unreadable", "superseded"]].isna().all(axis=None)
    assert frame["sleep_hours"].tolist() == [7, 6.5]
    assert frame["hydration"].isna().all()
    assert (delivery.horizon, delivery.source, delivery.md5) == (1, "table", md5(SMALL.encode()))
    assert delivery.notes == ()


def test_a_flat_table_needs_no_mapping(tmp_path: Path) -> None:
    row = "30,{},7,6,5,2,3,4,1,0,0,1,0,0,0,0,1,0,0,1,1013.2,40,-3,{},{}\n"
    text = FLAT_HEADER + "\n" + row.format(1, 1, 6.5) + row.format(0, 0, "0.0")
    delivery = read(tmp_path, text)
    assert delivery.horizon == 0
    assert delivery.frame["sex"].tolist() == ["F", "M"]
    assert delivery.frame["migraine_severity"].tolist() == [6.5, 0]
    assert delivery.frame["date"].isna().all()
    assert delivery.frame["unreadable"].isna().all()
    assert any("flat table" in note for note in delivery.notes)
    assert any("'gender' was read as sex, with 0 as M, 1 as F" in note for note in delivery.notes)


def test_unknown_columns_are_ignored_and_named(tmp_path: Path) -> None:
    delivery = read(tmp_path, SMALL.replace("sleep_hours", "mood_ring"))
    assert delivery.frame["sleep_hours"].isna().all()
    assert delivery.notes == ("Columns that are not in the contract were ignored: 'mood_ring'.",)


def test_unreadable_cells_are_reported_in_their_row(tmp_path: Path) -> None:
    frame = read(tmp_path, SMALL + "ann,31/31/2020,seven,1\n").frame
    assert frame["unreadable"].tolist() == [
        None, None, "date='31/31/2020' is not a date",
    ]  # fmt: skip
    assert frame["nulled"].tolist() == [None, None, "sleep_hours='seven' is not a number"]
    assert np.isnan(frame["sleep_hours"].iloc[2])


def test_a_ragged_line_is_reported_in_its_row(tmp_path: Path) -> None:
    frame = read(tmp_path, SMALL + "ann,2020-01-03,7,8,0\nann,2020-01-04,7,0\n").frame
    assert frame["unreadable"].iloc[2].startswith("the line has 5 fields, but the header has 4")
    assert frame["participant_id"].tolist() == ["ann", "ann", None, "ann"]
    assert frame["source_row"].tolist() == [2, 3, 4, 5]


@pytest.mark.parametrize("content", [
    SMALL.replace("\n", "\r\n"), "\ufeff" + SMALL, SMALL.encode("utf-16"), SMALL.replace("\n", "\r"),
    SMALL.replace(",", ";").replace("6.5", "6,5"), SMALL.replace(",", "\t"), SMALL.replace("6.5", '"6.5"'),
    SMALL.replace("6.5", '"6,5"'), SMALL.replace("participant_id", "Participant ID"), "sep=,\n" + SMALL,
    gzip.compress(SMALL.encode(), mtime=0),
    SMALL.replace(",0\n", ",no\n").replace(",1\n", ",Yes\n"), SMALL.rstrip("\n"),
])  # fmt: skip
def test_every_dialect_gives_the_same_rows(tmp_path: Path, content: str | bytes) -> None:
    frame = read(tmp_path, content).frame
    expected = read(tmp_path, SMALL, name="plain.csv").frame
    columns = ["participant_id", "date", "sleep_hours", "migraine_occurrence"]
    pd.testing.assert_frame_equal(frame[columns].head(2), expected[columns])


def test_a_mapping_renames_converts_recodes_and_fills(tmp_path: Path) -> None:
    mapping = """
description: A clinic's export
columns:
  participant_id: who
  date: {column: day, epoch: 2020-01-01}
  sleep_hours: {column: slept, unit: min}
  migraine_occurrence: {column: attack, recode: {ja: 1, nein: 0}}
constants: {sex: F, age: 40}
"""
    delivery = read(tmp_path, "who,day,slept,attack,fatigue\n7,0,450,ja,1\n7,1,,nein,0\n", mapping=mapping)
    frame = delivery.frame
    assert frame["date"].astype(str).tolist() == ["2020-01-01", "2020-01-02"]
    assert frame["sleep_hours"].iloc[0] == 7.5
    assert frame["migraine_occurrence"].tolist() == [1, 0]
    assert (set(frame["sex"]), set(frame["age"])) == ({"F"}, {40.0})
    assert frame["fatigue"].isna().all()
    assert delivery.notes[0] == "A clinic's export"
    assert delivery.mapping == mapping
    assert any("'fatigue'" in note for note in delivery.notes)


def test_an_outcome_may_be_a_constant(tmp_path: Path) -> None:
    mapping = "columns: {participant_id: p}\nconstants: {migraine_occurrence: 1}"
    assert read(tmp_path, "p\na\n", mapping=mapping).frame["migraine_occurrence"].tolist() == [1]


def test_a_file_without_outcome_is_refused_with_its_columns(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match=r"no outcome.*'migraine_occurrence'.*Found: 'a', 'headache'.*mapping"):
        read(tmp_path, "a,headache\n1,2\n")


@pytest.mark.parametrize("row", ["ann,2024-01-31,1", "ann,31.01.2024,1", "ann,7.5,yes"])
def test_a_file_without_header_is_refused_without_quoting_its_first_row(tmp_path: Path, row: str) -> None:
    with pytest.raises(DataRefused, match="the first line looks like a row") as refused:
        read(tmp_path, f"{row}\n{row}\n")
    assert "ann" not in str(refused.value)


def test_ambiguous_dates_are_resolved_across_all_files(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", "patient,date,migraine\np,03/04/2020,1\n")
    with pytest.raises(DataRefused, match="may be day first or month first"):
        open_table(str(tmp_path))
    write(tmp_path, "b.csv", "patient,date,migraine\np,25/04/2020,1\n")
    assert open_table(str(tmp_path)).frame["date"].astype(str).tolist() == ["2020-04-03", "2020-04-25"]


def test_files_of_one_folder_may_have_different_columns_and_formats(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", SMALL)
    pd.DataFrame(
        {"patient": ["bob"], "date": pd.to_datetime(["2020-01-05"]), "migraine": [True], "age": [33]}
    ).to_parquet(tmp_path / "b.parquet")
    delivery = open_table(str(tmp_path))
    assert delivery.frame["participant_id"].tolist() == ["ann", "ann", "bob"]
    assert delivery.frame["age"].tolist()[2] == 33
    assert delivery.frame["source_row"].tolist() == [2, 3, 1]
    assert delivery.md5.endswith(".dir")


def test_a_url_and_a_mapping_behind_a_url_work(tmp_path: Path) -> None:
    for name, content in (
        ("diary.csv", "p,m\na,1\n"),
        ("m.yaml", "columns: {participant_id: p, migraine_occurrence: m}"),
    ):
        with fsspec.open(f"memory://{tmp_path.name}/{name}", "w") as file:
            file.write(content)
    delivery = open_table(f"memory://{tmp_path.name}/diary.csv", mapping=f"memory://{tmp_path.name}/m.yaml")
    assert delivery.frame["migraine_occurrence"].tolist() == [1]


def test_a_raw_frame_in_parquet_is_read_back(tmp_path: Path) -> None:
    frame = read(tmp_path, SMALL).frame
    frame.to_parquet(tmp_path / "raw.parquet")
    again = open_table(str(tmp_path / "raw.parquet"))
    columns = [field.name for field in FIELDS]
    pd.testing.assert_frame_equal(again.frame[columns], frame[columns])
    assert again.notes == ()


def test_a_delivery_can_be_recreated_from_its_files(tmp_path: Path) -> None:
    mapping = "columns: {participant_id: p, migraine_occurrence: m}"
    first = read(tmp_path, "p,m\na,1\n", mapping=mapping)
    again = repeat_table(first.files, md5=first.md5, mapping=first.mapping, source="table", description="x")
    pd.testing.assert_frame_equal(again.frame, first.frame)
    assert (again.md5, again.horizon, again.mapping) == (first.md5, first.horizon, mapping)


def test_a_mapping_is_checked_against_every_file(tmp_path: Path) -> None:
    write(tmp_path / "d", "a.csv", "p,m\na,1\n")
    write(tmp_path / "d", "b.csv", "p,n\na,1\n")
    mapping = write(tmp_path, "m.yaml", "columns: {participant_id: p, migraine_occurrence: m}")
    with pytest.raises(ConfigurationError, match=r"column 'm', which b\.csv does not have"):
        open_table(str(tmp_path / "d"), mapping=mapping)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_two_fields_may_be_read_from_one_column(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path, "diary.csv", "drug,attack\n1,0\n0,1\n")
    if kind == "parquet":
        pd.read_csv(path).to_parquet(path)
    stated = "columns: {preventive_medication: drug, medication: drug, migraine_occurrence: attack}"
    frame = open_table(path, mapping=write(tmp_path, "m.yaml", stated)).frame
    assert frame["medication"].tolist() == frame["preventive_medication"].tolist() == [1, 0]
    assert frame["migraine_occurrence"].tolist() == [0, 1]


def test_a_conversion_in_any_file_is_noted(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", SMALL)
    write(tmp_path, "b.csv", SMALL.replace("sleep_hours", "Sleep hours (min)").replace("ann", "bob"))
    delivery = open_table(str(tmp_path))
    assert delivery.notes == ("b.csv: column 'Sleep hours (min)' was read as sleep_hours, times 0.0166667 to h.",)


def test_a_decimal_has_the_value_of_its_digits(tmp_path: Path) -> None:
    frame = pd.DataFrame({"sleep_hours": [Decimal("7.3"), None], "migraine_occurrence": [0, 1]})
    frame.to_parquet(tmp_path / "diary.parquet")
    assert open_table(str(tmp_path / "diary.parquet")).frame["sleep_hours"].iloc[0] == 7.3


def test_a_duration_is_hours_and_no_other_number(tmp_path: Path) -> None:
    frame = pd.DataFrame({"sleep_hours": pd.to_timedelta([7.5, None], unit="h"), "migraine_occurrence": [0, 1]})
    frame.to_parquet(tmp_path / "diary.parquet")
    read_hours = open_table(str(tmp_path / "diary.parquet")).frame["sleep_hours"]
    np.testing.assert_array_equal(read_hours, [7.5, np.nan])
    frame.rename(columns={"sleep_hours": "age"}).to_parquet(tmp_path / "diary.parquet")
    with pytest.raises(DataRefused, match=r"column 'age' contains duration.* neither numbers nor text"):
        open_table(str(tmp_path / "diary.parquet"))


def test_a_comma_with_two_readings_is_asked_for_with_mappings_that_work(tmp_path: Path) -> None:
    rows = "".join(f'2024-01-{day},"1,{day}0",{day % 2}\n' for day in range(10, 31))
    path = write(tmp_path, "d.csv", f"date,hydration,migraine_occurrence\n{rows}")
    with pytest.raises(DataRefused, match="If its commas separate thousands, state it") as refusal:
        open_table(path)
    lines = re.findall(r"\{columns.*?true\}", str(refusal.value))
    assert len(lines) == 2
    for line in lines:
        # 1,100 ml, or 1.100 l.
        frame = open_table(path, mapping=write(tmp_path, "m.yaml", line)).frame
        assert frame["hydration"].iloc[0] == pytest.approx(1.1)
