"""A participant is erased from databases and text files down to the last byte, and other records stay."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from migraine_assets.errors import StoreError
from migraine_assets.stores.record_erasure import CLEANED, VACUUMED, database_traces, sqlite_databases, text_traces

NAME = "K001"
EVENT = json.dumps(
    {"records": [{"__class__": "TableRecord", "data": {"participant_id": NAME, "age": "41"}}], "message": f"of {NAME}"}
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a database with a write-ahead log, three values with the name, and one of another participant."""
    path = tmp_path / "history" / "index.db"
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, run_id TEXT, event TEXT)")
        connection.execute("CREATE TABLE tags (key TEXT, run TEXT, value TEXT, PRIMARY KEY (key, run))")
        connection.executemany("INSERT INTO events VALUES (?, ?, ?)", [(1, "a", EVENT), (2, "b", '{"of": "K0011"}')])
        connection.execute("INSERT INTO tags VALUES ('file', 'a', 'landing/K001.csv')")
    return path


def _bytes(file: Path) -> bytes:
    return b"".join(path.read_bytes() for path in file.parent.iterdir())


def _rows(file: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(query).fetchall()


def test_listing_changes_nothing_and_erasing_leaves_no_byte(file: Path) -> None:
    databases, before = sqlite_databases(file.parent.parent), _bytes(file)
    listed = list(database_traces(databases, NAME, write=False))
    assert [(trace.path, trace.count, trace.effect) for trace in listed] == [
        (f"{file} events", 1, CLEANED),
        (f"{file} tags", 1, CLEANED),
    ]
    assert _bytes(file) == before
    assert list(database_traces(databases, NAME, write=True)) == listed
    assert _bytes(file).replace(b"K0011", b"").count(b"K001") == 0
    assert b"41" not in _rows(file, "SELECT event FROM events")[0][0].encode(), "the row is gone, not only its name"  # type: ignore[attr-defined]
    assert _rows(file, "SELECT event FROM events WHERE id = 2") == [('{"of": "K0011"}',)]
    assert _rows(file, "SELECT value FROM tags") == [("landing/[erased].csv",)]
    assert list(database_traces(databases, NAME, write=True)) == []


def test_deleted_rows_are_removed_from_the_file(file: Path) -> None:
    """SQLite leaves the bytes of a deleted row in the file, although the table no longer has the row."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("DELETE FROM events WHERE id = 1")
        connection.execute("DELETE FROM tags")
    assert b"K001" in _bytes(file).replace(b"K0011", b"")
    (trace,) = database_traces(sqlite_databases(file), NAME, write=True)
    assert trace.effect == VACUUMED
    assert b"K001" not in _bytes(file).replace(b"K0011", b"")


def test_a_database_in_use_is_reported_and_not_half_written(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("migraine_assets.stores.record_erasure._BUSY_SECONDS", 0.1)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="Stop the processes that use it"):
            list(database_traces(sqlite_databases(file), NAME, write=True))
        other.execute("ROLLBACK")
        assert other.execute("SELECT event FROM events WHERE id = 1").fetchone() == (EVENT,)
    list(database_traces(sqlite_databases(file), NAME, write=True))
    assert b"K001" not in _bytes(file).replace(b"K0011", b"")


def test_other_files_are_no_databases(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"not a database")
    assert sqlite_databases(tmp_path, tmp_path / "missing.db") == []


def test_text_files_lose_the_name_and_binary_files_stay(tmp_path: Path) -> None:
    page, model, other = tmp_path / "report.html", tmp_path / "model.onnx", tmp_path / "other.txt"
    page.write_text("for example 'K001', 'k001'")
    page.chmod(0o640)
    model.write_bytes(b"\xff\x00K001")
    other.write_text("K0011")
    (trace,) = text_traces([tmp_path, tmp_path / "missing"], NAME, write=False)
    assert (trace.path, page.read_text()) == (str(page), "for example 'K001', 'k001'")
    assert list(text_traces([tmp_path], NAME, write=True)) == [trace]
    assert page.read_text() == "for example '[erased]', 'k001'"
    assert page.stat().st_mode & 0o777 == 0o640
    assert model.read_bytes() == b"\xff\x00K001"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.onnx", "other.txt", "report.html"]
