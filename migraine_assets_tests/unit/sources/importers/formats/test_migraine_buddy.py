from pathlib import Path

import pytest

from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.delivery import Delivery
from migraine_assets.sources.table import open_table

ONGOING = '"Date","Time Period","Description","Notes"\n"No ongoing events recorded during this period.","","",""\n\n'
HEADER = (
    '"#","Started","Lasted","Pain Level","Helpful Medication","Somewhat Helpful Medication","Unhelpful Medication",'
    '"Unsure Medication","Notes"\n'
)


def read(folder: Path, *rows: str, above: str = ONGOING, stated: str = "") -> Delivery:
    (folder / "export.csv").write_text(above + HEADER + "".join(f"{row}\n" for row in rows))
    (folder / "m.yaml").write_text(
        f"observation: {{first: 2024-01-01, last: 2024-02-29}}\nunlisted_days: quiet\n{stated}\n"
    )
    return open_table(str(folder / "export.csv"), mapping=str(folder / "m.yaml"))


def attack_days(delivery: Delivery) -> list[str]:
    frame = delivery.frame[delivery.frame["migraine_occurrence"] == 1]
    return [day.date().isoformat() for day in frame["date"]]


@pytest.mark.parametrize("above", ["", ONGOING])
def test_attacks_are_read_below_the_table_of_ongoing_events(tmp_path: Path, above: str) -> None:
    delivery = read(tmp_path, '"1","01/15/24 19:15","08h 30m","5","Triptan","","","","said ""no"""', above=above)
    assert attack_days(delivery) == ["2024-01-15", "2024-01-16"]
    first = delivery.frame[delivery.frame["date"] == "2024-01-15"].iloc[0]
    assert (first["migraine_severity"], first["duration_h"], first["medication"]) == (5, 4.75, 1)
    assert first["source_row"] == len(above.splitlines()) + 2
    assert len(delivery.frame) == 60


def test_the_order_of_day_and_month_follows_from_all_attacks(tmp_path: Path) -> None:
    rows = ('"1","04/02/24 08:00","2h","5","","","","",""', '"2","25/01/24 08:00","2h","5","","","","",""')
    assert attack_days(read(tmp_path, *rows)) == ["2024-01-25", "2024-02-04"]


def test_an_order_that_is_not_clear_is_asked_for(tmp_path: Path) -> None:
    row = '"1","01/02/2024 08:00 PM","2h","","","","","",""'
    with pytest.raises(DataRefused, match="'Started' may be day first or month first") as refusal:
        read(tmp_path, row)
    remedy = str(refusal.value).rpartition("{")[2].rstrip("}")
    assert attack_days(read(tmp_path, row, stated=remedy)) == ["2024-02-01"]
    assert attack_days(read(tmp_path, row, stated=remedy.replace("true", "false"))) == ["2024-01-02"]


def test_the_column_of_numbers_is_no_comment(tmp_path: Path) -> None:
    (tmp_path / "mb.csv").write_text("#,Started,Lasted,Pain Level\n1,01/15/24 22:15,5h 30m,6\n")
    (tmp_path / "m.yaml").write_text("observation: {first: 2024-01-15, last: 2024-01-17}\nunlisted_days: quiet\n")
    frame = open_table(str(tmp_path / "mb.csv"), mapping=str(tmp_path / "m.yaml")).frame
    assert frame["migraine_occurrence"].tolist() == [1, 1, 0]


@pytest.mark.parametrize("start", ["\ufeff", ""])
def test_an_export_may_begin_with_its_columns_and_have_other_marks(tmp_path: Path, start: str) -> None:
    drugs = ";".join(f'"{kind} Medication"' for kind in ("Helpful", "Somewhat Helpful", "Unhelpful", "Unsure"))
    table = (
        f'{start}"#";"Started";"Lasted";"Pain Level";{drugs}\n"1";"15.01.2024 22:15";"05h 30m";"6";"Triptan";"";"";""\n'
    )
    (tmp_path / "mb.csv").write_text(table, encoding="utf-8")
    (tmp_path / "m.yaml").write_text("observation: {first: 2024-01-15, last: 2024-01-17}\nunlisted_days: quiet\n")
    frame = open_table(str(tmp_path / "mb.csv"), mapping=str(tmp_path / "m.yaml")).frame
    assert frame["migraine_occurrence"].tolist() == [1, 1, 0]
    assert frame["medication"].dropna().tolist() == [1]
