import io
import zipfile
from pathlib import Path

import pytest

from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.delivery import source_file
from migraine_assets.sources.files.limits import DEFAULT, SourceLimits
from migraine_assets.sources.importers import archive
from migraine_assets.sources.table import open_table
from migraine_assets_tests.unit.sources.diaries import SMALL


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in members.items():
            written.writestr(name, content)
    return buffer.getvalue()


def test_the_files_in_an_archive_are_read_like_those_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "export.zip").write_bytes(
        zipped(**{"b/diary.csv": SMALL.encode(), "__MACOSX/diary.csv": b"x", ".DS": b"x"})
    )
    delivery = open_table(str(tmp_path / "export.zip"))
    assert set(delivery.frame["source_file"]) == {"b/diary.csv"}
    assert [file.name for file in delivery.files] == ["export.zip"]  # kept as delivered


def test_an_archive_in_an_archive_is_refused() -> None:
    with pytest.raises(DataRefused, match="another archive"):
        archive.unpacked(source_file("a.zip", zipped(inner=zipped(x=b"1"))), DEFAULT)


def test_a_bomb_is_refused_by_what_it_unpacks_to() -> None:
    bomb = zipped(a=b"0" * (1 << 19), b=b"0" * ((1 << 19) + 1))
    assert len(bomb) < 4096
    with pytest.raises(DataRefused, match="unpacks to more; the limit is 1"):
        archive.unpacked(source_file("bomb.zip", bomb), SourceLimits(expanded_mib=1))


def test_a_damaged_archive_is_refused() -> None:
    with pytest.raises(DataRefused, match="damaged or encrypted"):
        archive.unpacked(source_file("a.zip", zipped(a=b"1" * 99)[:40]), DEFAULT)
