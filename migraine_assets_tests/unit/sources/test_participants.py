from pathlib import Path

import pytest

from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.sources.participants import ONE_PERSON, horizon_of
from migraine_assets.sources.table import open_table
from migraine_assets_tests.unit.sources.diaries import read, write


def test_the_horizon_follows_from_the_dates_by_default() -> None:
    assert (horizon_of(None, dated=True), horizon_of(None, dated=False)) == (1, 0)


@pytest.mark.parametrize(("stated", "horizon"), [("0", 0), ("1", 1)])
def test_a_stated_horizon_is_kept(tmp_path: Path, stated: str, horizon: int) -> None:
    mapping = f"horizon: {stated}\ncolumns: {{participant_id: p, date: d, migraine_occurrence: m}}"
    assert read(tmp_path, "p,d,m\na,2020-01-01,1\n", mapping=mapping).horizon == horizon


def test_horizon_1_requires_dates(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="horizon 1"):
        read(tmp_path, "m\n1\n", mapping="horizon: 1\ncolumns: {migraine_occurrence: m}")


def test_undated_rows_are_grouped_by_participant(tmp_path: Path) -> None:
    delivery = read(tmp_path, "Patient,migraine\na,0\nb,1\na,1\n")
    assert delivery.horizon == 0
    assert delivery.frame["participant_id"].tolist() == ["a", "b", "a"]
    assert delivery.frame["date"].isna().all()


def test_rows_without_participant_and_date_are_separate_participants(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", "migraine\n0\n1\n")
    write(tmp_path, "b.csv", "migraine\n1\n")
    delivery = open_table(str(tmp_path))
    assert delivery.frame["participant_id"].tolist() == ["row-000001", "row-000002", "row-000003"]
    assert delivery.horizon == 0


def test_dates_without_participants_are_one_diary(tmp_path: Path) -> None:
    delivery = read(tmp_path, "date,migraine\n2020-01-01,0\n2020-01-02,1\n")
    assert set(delivery.frame["participant_id"]) == {ONE_PERSON}
    assert any("one person's diary" in note for note in delivery.notes)
    assert delivery.horizon == 1


def test_repeated_dates_without_participants_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        DataRefused, match=r"several rows for the same day and no participant column among 'date', 'who'"
    ):
        read(tmp_path, "date,who,migraine\n2020-01-01,a,0\n2020-01-01,b,1\n")


def test_a_file_without_the_participant_column_of_others_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", "patient,migraine\nx,0\n")
    write(tmp_path, "b.csv", "migraine\n1\n")
    with pytest.raises(DataRefused, match=r"b\.csv has no participant column"):
        open_table(str(tmp_path))


@pytest.mark.parametrize(("one", "other"), [("ann", "Ann"), ("7", "007"), ("7", "7.0"), ("p 1", "p1")])
def test_similar_names_of_participants_are_noted(tmp_path: Path, one: str, other: str) -> None:
    delivery = read(tmp_path, f"patient,migraine\n{one},0\nbob,1\n{other},1\n")
    assert delivery.frame["participant_id"].tolist() == [one, "bob", other]
    (note,) = (note for note in delivery.notes if "one person in several spellings" in note)
    assert note.startswith("1 participants")
    assert not any(f"'{name}'" in note for name in (one, other)), "a note names no participant"


def test_different_names_of_participants_are_not_noted(tmp_path: Path) -> None:
    delivery = read(tmp_path, "patient,migraine\n1,0\n10,1\n-1,1\np1,0\np01,1\n")
    assert not any("spellings" in note for note in delivery.notes)
