from pathlib import Path

from migraine_assets.sources.files.delivery import Delivery
from migraine_assets.sources.table import open_table
from migraine_assets_tests.unit.sources.diaries import read, write

HEADER = "participant_id,date,sleep_hours,migraine_occurrence\n"


def deliver(folder: Path, **files: str) -> Delivery:
    for name, rows in files.items():
        write(folder, f"{name}.csv", HEADER + rows)
    return open_table(str(folder))


def test_a_later_file_supersedes_the_same_day(tmp_path: Path) -> None:
    delivery = deliver(tmp_path, a="p,2020-01-01,7,0\np,2020-01-02,7,0\n", b="q,2020-01-01,7,0\np,2020-01-01,8,0\n")
    assert delivery.frame["superseded"].tolist() == ["superseded by b.csv line 3", None, None, None]
    assert "1 rows are superseded by a later file of the delivery; files are ordered by name." in delivery.notes


def test_the_last_of_three_files_counts(tmp_path: Path) -> None:
    day = "p,2020-01-01,{},0\n"
    delivery = deliver(tmp_path, a=day.format(6), b=day.format(7), c=day.format(8))
    assert delivery.frame["superseded"].tolist() == ["superseded by c.csv line 2"] * 2 + [None]


def test_an_identical_row_is_not_superseded(tmp_path: Path) -> None:
    rows = "p,2020-01-01,7,0\np,2020-01-02,,1\n"
    assert deliver(tmp_path, a=rows, b=rows + "p,2020-01-03,7,0\n").frame["superseded"].isna().all()


def test_an_unreadable_row_supersedes_nothing(tmp_path: Path) -> None:
    delivery = deliver(tmp_path, a="p,2020-01-01,7,0\n", b="p,2020-01-01,7,perhaps\n")
    assert delivery.frame["superseded"].isna().all()


def test_a_conflict_within_one_file_supersedes_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, HEADER + "p,2020-01-01,7,0\np,2020-01-01,8,1\n").frame["superseded"].isna().all()


def test_undated_rows_supersede_nothing(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", "patient,migraine\np,0\n")
    write(tmp_path, "b.csv", "patient,migraine\np,1\n")
    assert open_table(str(tmp_path)).frame["superseded"].isna().all()
