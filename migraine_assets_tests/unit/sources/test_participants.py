from pathlib import Path

import pytest

from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.sources.participants import ONE_PERSON, horizon_of
from migraine_assets.sources.table import open_table
from migraine_assets_tests.unit.sources.diaries import read, write


def test_the_horizon_follows_from_the_dates_unless_it_is_stated() -> None:
    assert (horizon_of(None, dated=True), horizon_of(None, dated=False)) == (1, 0)


@pytest.mark.parametrize(("stated", "horizon"), [("0", 0), ("1", 1)])
def test_a_stated_horizon_is_kept(tmp_path: Path, stated: str, horizon: int) -> None:
    mapping = f"horizon: {stated}\ncolumns: {{participant_id: p, date: d, migraine_occurrence: m}}"
    assert read(tmp_path, "p,d,m\na,2020-01-01,1\n", mapping=mapping).horizon == horizon


def test_tomorrow_needs_dates(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="horizon 1"):
        read(tmp_path, "m\n1\n", mapping="horizon: 1\ncolumns: {migraine_occurrence: m}")


def test_persons_without_dates_are_kept_together(tmp_path: Path) -> None:
    delivery = read(tmp_path, "Patient,migraine\na,0\nb,1\na,1\n")
    assert delivery.horizon == 0
    assert delivery.frame["participant_id"].tolist() == ["a", "b", "a"]
    assert delivery.frame["date"].isna().all()


def test_rows_without_person_and_date_are_persons_of_their_own(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", "migraine\n0\n1\n")
    write(tmp_path, "b.csv", "migraine\n1\n")
    delivery = open_table(str(tmp_path))
    assert delivery.frame["participant_id"].tolist() == ["row-000001", "row-000002", "row-000003"]
    assert delivery.horizon == 0


def test_dates_without_a_person_are_one_persons_diary(tmp_path: Path) -> None:
    delivery = read(tmp_path, "date,migraine\n2020-01-01,0\n2020-01-02,1\n")
    assert set(delivery.frame["participant_id"]) == {ONE_PERSON}
    assert any("one person's diary" in note for note in delivery.notes)
    assert delivery.horizon == 1


def test_repeated_dates_without_a_person_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match=r"several rows for 2020-01-01 and no participant column among 'date', 'who'"):
        read(tmp_path, "date,who,migraine\n2020-01-01,a,0\n2020-01-01,b,1\n")


def test_a_file_that_lacks_the_person_that_others_have_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", "patient,migraine\nx,0\n")
    write(tmp_path, "b.csv", "migraine\n1\n")
    with pytest.raises(DataRefused, match=r"b\.csv has no participant column"):
        open_table(str(tmp_path))


@pytest.mark.parametrize(("one", "other"), [("ann", "Ann"), ("7", "007"), ("7", "7.0"), ("p 1", "p1")])
def test_participants_that_may_be_one_are_told_and_kept_apart(tmp_path: Path, one: str, other: str) -> None:
    delivery = read(tmp_path, f"patient,migraine\n{one},0\nbob,1\n{other},1\n")
    assert delivery.frame["participant_id"].tolist() == [one, "bob", other]
    assert any(f"one person in several spellings, and are kept apart: for example '{one}', '{other}'" in note
               for note in delivery.notes)  # fmt: skip


def test_participants_that_differ_are_no_lookalikes(tmp_path: Path) -> None:
    delivery = read(tmp_path, "patient,migraine\n1,0\n10,1\n-1,1\np1,0\np01,1\n")
    assert not any("spellings" in note for note in delivery.notes)
