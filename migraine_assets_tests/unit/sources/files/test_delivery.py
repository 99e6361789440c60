import pytest

from migraine_assets.core.contract import NAMES
from migraine_assets.sources.files.delivery import RAW_COLUMNS, identity, source_file


def test_order_of_the_raw_columns() -> None:
    assert (*NAMES, "source_file", "source_row", "unreadable", "superseded", "nulled") == RAW_COLUMNS


def test_the_hash_of_a_file_and_of_a_folder() -> None:
    file = source_file("one.csv", b"a,b\n1,2\n")
    assert identity([file], folder=False) == file.md5 == "e5ebd4c02cefbe7955977c67ada242b7"
    assert identity([file], folder=True).endswith(".dir")
    assert file.size == 8


def test_several_files_have_a_hash_only_as_a_folder() -> None:
    files = [source_file("a", b"1"), source_file("b", b"2")]
    with pytest.raises(ValueError):
        identity(files, folder=False)
