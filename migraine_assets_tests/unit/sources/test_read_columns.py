from pathlib import Path

from migraine_assets.sources.table import open_table
from migraine_assets_tests.unit.sources.diaries import SMALL, read, write


def _days(sleep: list[str]) -> str:
    rows = [f"ann,2020-01-{day:02},{value},{day % 2}\n" for day, value in enumerate(sleep, start=1)]
    return "participant_id,date,sleep_hours,migraine_occurrence\n" + "".join(rows)


def test_every_column_is_on_record_with_examples(tmp_path: Path) -> None:
    columns = {column.field: column for column in read(tmp_path, SMALL).columns}
    assert list(columns) == ["participant_id", "date", "sleep_hours", "migraine_occurrence"]
    assert columns["sleep_hours"].examples == (("7", "7"), ("6.5", "6.5"))
    assert columns["date"].examples[0] == ("2020-01-01", "2020-01-01")


def test_a_guessed_unit_is_told_and_in_the_examples(tmp_path: Path) -> None:
    delivery = read(tmp_path, _days(["420", "450", "400"] * 10))
    assert delivery.frame["sleep_hours"].tolist()[:2] == [7, 7.5]
    column = next(column for column in delivery.columns if column.field == "sleep_hours")
    assert column.unit == "min"
    assert column.examples[0] == ("420", "7")
    assert any("was read as min" in note for note in delivery.notes)


def test_a_stated_unit_is_not_guessed(tmp_path: Path) -> None:
    mapping = "{columns: {sleep_hours: {column: sleep_hours, unit: h}}, match_names: true}"
    delivery = read(tmp_path, _days(["420"] * 30), mapping=mapping)
    assert set(delivery.frame["sleep_hours"]) == {420}


def test_files_decide_together_and_each_stated_unit_stays(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", _days(["420", "450"] * 15))
    write(tmp_path, "b.csv", _days(["7", "7.5"] * 15).replace("sleep_hours", "Sleep hours (h)").replace("ann", "bob"))
    frame = open_table(str(tmp_path)).frame
    assert frame.groupby("source_file")["sleep_hours"].first().tolist() == [7, 7]


def test_forms_of_cells_are_told(tmp_path: Path) -> None:
    delivery = read(tmp_path, _days(["6:18", "7:30"]))
    assert delivery.frame["sleep_hours"].tolist() == [6.3, 7.5]
    assert any("with cells h:mm" in note for note in delivery.notes)
