from pathlib import Path

import pytest

from migraine_assets.errors import DataRefused
from migraine_assets.sources.table import open_table
from migraine_assets_tests.unit.sources.diaries import SMALL, read, write


def _numbered(person: str = "") -> str:
    header = f"id,{person and 'Patient no.,'}date,migraine\n"
    rows = [f"{1000 + day},{person and person + ','}2020-01-{day:02},{day % 2}\n" for day in range(1, 31)]
    return header + "".join(rows)


def test_an_id_that_differs_in_every_row_is_no_participant(tmp_path: Path) -> None:
    delivery = read(tmp_path, _numbered("007"))
    assert set(delivery.frame["participant_id"]) == {"007"}
    with pytest.raises(DataRefused, match=r"several rows for the same day.* 'id' has a different value in every row"):
        read(tmp_path, _numbered() + _numbered().partition("\n")[2].replace("10", "11", 1).replace("\n10", "\n11"))
    stated = read(tmp_path, _numbered("007"), mapping="{columns: {participant_id: id}, match_names: true}")
    assert stated.frame["participant_id"].nunique() == 30


def test_each_file_is_a_participant_only_if_that_is_stated(tmp_path: Path) -> None:
    text = "date,migraine\n2020-01-01,0\n2020-01-02,1\n"
    folder = tmp_path / "diaries"
    for name in ("P1.csv", "P2.csv"):
        write(folder, name, text)
    with pytest.raises(DataRefused, match="2 files have no participant column"):
        open_table(str(folder))
    mapping = write(tmp_path, "m.yaml", "{columns: {participant_id: {from: file_name}}, match_names: true}")
    assert open_table(str(folder), mapping=mapping).frame["participant_id"].tolist() == ["P1", "P1", "P2", "P2"]


def test_a_codebook_in_the_folder_is_ignored_and_named(tmp_path: Path) -> None:
    write(tmp_path, "diary.csv", SMALL)
    write(tmp_path, "codebook.csv", "variable,label\nsleep_hours,Hours slept\n")
    delivery = open_table(str(tmp_path))
    assert len(delivery.frame) == 2
    assert delivery.notes == ("codebook.csv has no column of a diary and was left out.",)


def test_a_mapping_cannot_leave_out_who_and_when_without_saying_so(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match=r"'participant_id'.* and 'date'.*match_names: true"):
        read(tmp_path, SMALL, mapping="columns: {migraine_occurrence: migraine_occurrence}")
    text = "{columns: {migraine_occurrence: migraine_occurrence}, ignore: [participant_id, date]}"
    delivery = read(tmp_path, SMALL, mapping=text)
    assert delivery.horizon == 0
    assert "Columns that the mapping does not read (match_names is not set): 'sleep_hours'." in delivery.notes


def test_days_whose_date_is_not_recognized_are_refused(tmp_path: Path) -> None:
    text = SMALL.replace("participant_id,date", "participant_id,Q1_date")
    with pytest.raises(DataRefused, match="no date, but 'Q1_date' may be the day"):
        read(tmp_path, text)
    assert read(tmp_path, text, mapping="{match_names: true, horizon: 0}").horizon == 0


def test_the_guard_of_excel_is_no_part_of_a_name(tmp_path: Path) -> None:
    frame = read(tmp_path, SMALL.replace("ann", '"=""001"""')).frame
    assert frame["participant_id"].tolist() == ["001", "001"]
