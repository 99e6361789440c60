import pytest

from migraine_assets.core.contract import CONTRACT
from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.delivery import source_file
from migraine_assets.sources.files.limits import DEFAULT
from migraine_assets.sources.side_files import divide
from migraine_assets_tests.unit.sources.diaries import SMALL

OURA = "date,Total Sleep Duration{}\n2024-01-15,27000{}\n"


def test_a_side_table_with_an_outcome_is_a_diary() -> None:
    files = [source_file("diary.csv", SMALL.encode()), source_file("o.csv", OURA.format("", "").encode())]
    divided = divide(files, None, DEFAULT, CONTRACT)
    diaries, sides = divided.diaries, divided.sides
    assert [diary.sheet.file for diary in diaries] == ["diary.csv"]
    assert [side.part.sheet.file for side in sides] == ["o.csv"]
    divided = divide([source_file("o.csv", OURA.format(",migraine", ",1").encode())], None, DEFAULT, CONTRACT)
    diaries, sides = divided.diaries, divided.sides
    assert [diary.sheet.file for diary in diaries] == ["o.csv"]
    assert not sides


def test_side_tables_alone_are_refused_with_what_is_missing() -> None:
    with pytest.raises(DataRefused, match=r"o.csv \(Oura\) has daily values, but no attacks. Put it"):
        divide([source_file("o.csv", OURA.format("", "").encode())], None, DEFAULT, CONTRACT)
