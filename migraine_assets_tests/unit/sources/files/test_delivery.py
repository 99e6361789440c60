import pytest

from migraine_assets.core.contract import NAMES
from migraine_assets.sources.files.delivery import RAW_COLUMNS, identity, source_file


def test_the_raw_frame_is_the_contract_then_provenance_then_what_reading_found() -> None:
    assert (*NAMES, "source_file", "source_row", "unreadable", "superseded") == RAW_COLUMNS


def test_one_file_is_identified_by_itself_and_a_folder_by_its_listing() -> None:
    file = source_file("one.csv", b"a,b\n1,2\n")
    assert identity([file], folder=False) == file.md5 == "e5ebd4c02cefbe7955977c67ada242b7"
    assert identity([file], folder=True).endswith(".dir")
    assert file.size == 8


def test_several_files_have_no_identity_but_as_a_folder() -> None:
    files = [source_file("a", b"1"), source_file("b", b"2")]
    with pytest.raises(ValueError):
        identity(files, folder=False)
