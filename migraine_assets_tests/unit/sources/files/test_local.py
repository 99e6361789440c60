import os
from pathlib import Path

import pytest

from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.fetch import fetch, landing_source, read_text
from migraine_assets.sources.files.limits import MIB, SourceLimits
from migraine_assets.sources.files.local import read_regular, regular_files
from migraine_assets_tests.unit.sources.diaries import SMALL, write


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [_pipe, _device])
def test_only_regular_files_are_read(tmp_path: Path, make: object) -> None:
    make(tmp_path / "diary.csv")  # type: ignore[operator]
    with pytest.raises(DataRefused, match="is not a regular file"):
        fetch(str(tmp_path / "diary.csv"))
    assert landing_source(tmp_path) is None


def test_a_large_sparse_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "diary.csv"
    with path.open("wb") as file:
        file.truncate(5 << 30)
    with pytest.raises(DataRefused, match=r"contains more than 512 MiB; the limit is 512.*sources: \{mib"):
        fetch(str(path))


def test_the_files_of_a_delivery_share_one_limit(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        write(tmp_path, name, b"x" * (MIB * 2 // 3))
    assert fetch(str(tmp_path / "a.csv"), limits=SourceLimits(mib=1)).files
    with pytest.raises(DataRefused, match="more than 1 MiB"):
        fetch(str(tmp_path), limits=SourceLimits(mib=1))
    with pytest.raises(DataRefused, match="contains 2 diary files; the limit is 1"):
        fetch(str(tmp_path), limits=SourceLimits(files=1))


def test_links_in_a_folder_are_not_followed_but_named(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    write(elsewhere, "secret.csv", "password\nhunter2\n")
    landing = tmp_path / "landing"
    write(landing, "a.csv", SMALL)
    (landing / "b.csv").symlink_to(elsewhere / "secret.csv")
    (landing / "c").symlink_to(elsewhere)
    fetched = fetch(str(landing))
    assert [file.name for file in fetched.files] == ["a.csv"]
    assert fetched.notes == ("Ignored links and special files, which are not followed: b.csv, c.",)
    with pytest.raises(DataRefused, match="is a symbolic link"):
        fetch(f"{landing}/b*.csv")
    (landing / "a.csv").unlink()
    assert landing_source(landing) is None


def test_a_link_that_the_user_names_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to(write(tmp_path, "diary.csv", SMALL))
    assert fetch(str(tmp_path / "link.csv")).files[0].content == SMALL.encode()


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    (tmp_path / "again").symlink_to(tmp_path)
    write(tmp_path, "a.csv", "x")
    assert [name for name, _ in regular_files(tmp_path)] == ["a.csv"]


def test_reading_stops_one_byte_beyond_the_limit(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "abc")
    assert read_regular(path, at_most=3, follow=False) == b"abc"
    assert len(read_regular(path, at_most=2, follow=False)) == 3


def test_a_mapping_is_small(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="is larger than 256 KiB"):
        read_text(write(tmp_path, "mapping.yaml", "#" * (257 << 10)))
