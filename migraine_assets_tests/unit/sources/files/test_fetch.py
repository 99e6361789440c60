import uuid
from pathlib import Path

import fsspec
import pytest

from migraine_assets.core.dvc_hash import directory_md5, md5
from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.sources.files.fetch import fetch, is_diary_file, landing_source, read_text
from migraine_assets.sources.files.limits import SourceLimits
from migraine_assets_tests.unit.sources.diaries import SMALL, write


def test_a_file_is_fetched_byte_by_byte_under_its_own_name(tmp_path: Path) -> None:
    path = write(tmp_path, "diary.csv", b"\xef\xbb\xbfa\r\n1\r\n")
    fetched = fetch(path)
    assert [(file.name, file.content) for file in fetched.files] == [("diary.csv", b"\xef\xbb\xbfa\r\n1\r\n")]
    assert fetched.md5 == md5(b"\xef\xbb\xbfa\r\n1\r\n")


def test_a_folder_is_read_in_name_order_with_its_subfolders(tmp_path: Path) -> None:
    for name in ("b.csv", "2020/a.csv", "a.parquet"):
        write(tmp_path, name, name)
    fetched = fetch(str(tmp_path))
    assert [file.name for file in fetched.files] == ["2020/a.csv", "a.parquet", "b.csv"]
    assert fetched.md5 == directory_md5((name, md5(name.encode())) for name in ("2020/a.csv", "a.parquet", "b.csv"))


def test_other_files_are_named_and_hidden_or_unfinished_ones_are_skipped(tmp_path: Path) -> None:
    for name in ("a.csv", "README.md", ".hidden.csv", ".git/x.csv", "b.csv.part", "~$c.csv"):
        write(tmp_path, name, "x")
    fetched = fetch(str(tmp_path))
    assert [file.name for file in fetched.files] == ["a.csv"]
    assert fetched.notes == ("Ignored files, which by their names are not diaries: README.md, b.csv.part.",)


def test_a_glob_reads_its_matches(tmp_path: Path) -> None:
    for name in ("2020-a.csv", "2020-b.csv", "2021-a.csv"):
        write(tmp_path, name, name)
    fetched = fetch(f"{tmp_path}/2020-*.csv")
    assert [file.name for file in fetched.files] == ["2020-a.csv", "2020-b.csv"]
    assert fetched.md5.endswith(".dir")


def test_a_file_whose_name_looks_like_a_glob_is_that_file(tmp_path: Path) -> None:
    assert [file.name for file in fetch(write(tmp_path, "diary[1].csv", "x")).files] == ["diary[1].csv"]


def test_any_fsspec_url_is_a_location() -> None:
    url = f"memory://{uuid.uuid4().hex}/diary.csv"
    with fsspec.open(url, "wb") as file:
        file.write(SMALL.encode())
    assert fetch(url).files[0].content == SMALL.encode()
    assert fetch(url.rsplit("/", 1)[0]).files[0].name == "diary.csv"


@pytest.mark.parametrize("location", ["nowhere.csv", "nowhere/", "no*.csv", "nosuchscheme://x/y.csv"])
def test_a_missing_location_is_wrong_usage(tmp_path: Path, location: str) -> None:
    with pytest.raises(ConfigurationError, match="no"):
        fetch(location if "://" in location else f"{tmp_path}/{location}")


def test_a_folder_without_diaries_names_the_expected_endings(tmp_path: Path) -> None:
    write(tmp_path, "README.md", "x")
    with pytest.raises(ConfigurationError, match=r"contains no diary file.*\.parquet"):
        fetch(str(tmp_path))


def test_a_missing_mapping_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_text(f"{tmp_path}/mapping.yaml")


@pytest.mark.parametrize(("name", "recognized"), [
    ("a.csv", True), ("A.CSV", True), ("a.tsv", True), ("a.txt", True), ("a.csv.gz", True), ("a.parquet", True),
    ("a.xlsx", True), ("a.gz", False), (".a.csv", False), ("a.csv.tmp", False), ("x/.y/a.csv", False),
])  # fmt: skip
def test_diaries_are_recognized_by_their_ending(name: str, recognized: bool) -> None:
    assert is_diary_file(name) is recognized


def test_landing_is_a_source_only_with_a_finished_diary(tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    assert landing_source(landing) is None
    write(landing, ".diary.csv", "x")
    write(landing, "diary.csv.crdownload", "x")
    assert landing_source(landing) is None
    write(landing, "diary.csv", "x")
    assert landing_source(landing) == str(landing)


def test_an_unreachable_server_is_distinguished_from_an_unreadable_file() -> None:
    with pytest.raises(DataRefused, match="Check the address, and that the server answers"):
        fetch("http://127.0.0.1:1/diary.csv", limits=SourceLimits(private_addresses=True))


def test_missing_credentials_are_a_configuration_error(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("s3fs")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(ConfigurationError, match=r"s3://bucket/diary\.csv' cannot be reached.*credentials"):
        fetch("s3://bucket/diary.csv")
