"""`migraine backup` and `migraine restore`: a round trip, and what they refuse."""

from pathlib import Path

import pytest

from migraine_assets.stores.store import Store
from migraine_assets_tests.support.homes import Home
from migraine_assets_tests.support.kept_diaries import no_check, open_diaries
from migraine_assets_tests.support.service import put_champion


def _text(home: Home, *words: str, code: int = 0) -> str:
    ended = home.migraine(*words)
    assert ended.code == code, ended.text
    return " ".join(ended.text.split())


def test_a_backup_is_restored_into_another_home(tmp_path: Path) -> None:
    first, second = Home(tmp_path / "first"), Home(tmp_path / "second")
    put_champion(Store(str(tmp_path / "first" / "store")), weight=0.5)
    dumps = tmp_path / "dumps"
    dumps.mkdir()
    (dumps / "dagster.dump").write_bytes(b"PGDMP")
    target = str(tmp_path / "backups")
    with open_diaries(home=first.root) as diaries:
        diaries.put("", "anna", 20_000, {"stress_level": 4}, check=no_check)
        # Still in the write-ahead log.
        assert "MB" in _text(first, "backup", target, "--dumps", str(dumps))
    output = _text(second, "restore", target, "--dumps", str(tmp_path / "restored"))
    (tmp_path / "restored" / "diaries.db").rename(second.root / "diaries.db")
    with open_diaries(home=second.root) as diaries:
        assert diaries.days("", "anna", first=0, last=20_000)
    assert "each verified" in output
    assert "pg_restore" in output
    assert (tmp_path / "restored" / "dagster.dump").read_bytes() == b"PGDMP"
    for path in (tmp_path / "first" / "store").rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            copy = tmp_path / "second" / "store" / path.relative_to(tmp_path / "first" / "store")
            assert copy.read_bytes() == path.read_bytes()
    # A second time there is something to lose.
    assert "is not empty" in _text(second, "restore", target, code=1)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("backup", "{home}/store/backups"), "inside the store"),
        (("backup", "{home}/backups", "--dumps", "{home}/nowhere"), "is not a folder"),
        (("backup", "{home}/backups", "--dumps", "{home}"), "contains no *.dump"),
        (("restore", "{home}/backups"), "no finished backup"),
    ],
)
def test_what_cannot_work_is_refused(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    assert message in _text(Home(tmp_path), *(word.format(home=tmp_path) for word in words), code=2)
