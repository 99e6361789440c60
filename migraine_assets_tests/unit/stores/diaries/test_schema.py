"""Migrations of a new database, by several processes at once, after an interruption, and of a newer version."""

from pathlib import Path

import pytest

from migraine_assets.stores.diaries import schema
from migraine_assets.stores.diaries.database import DiariesUnavailable, open_database
from migraine_assets.stores.diaries.schema import VERSION, NewerSchema, migrate, version_of
from migraine_assets_tests.support.kept_diaries import no_check, open_diaries


def test_tables_are_created_once(tmp_path: Path) -> None:
    database = open_database(None, home=tmp_path)
    assert version_of(database) == 0
    assert list(tmp_path.iterdir()) == []
    assert migrate(database) == VERSION
    assert (migrate(database), version_of(database)) == (0, VERSION)
    database.close()


def test_a_later_migration_keeps_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_diaries(home=tmp_path) as diaries:
        diaries.put("", "anna", 20_000, {"stress_level": 1}, check=no_check)
    later = (*schema.MIGRATIONS, ("ALTER TABLE diary_days ADD COLUMN source TEXT",))
    monkeypatch.setattr(schema, "MIGRATIONS", later)
    monkeypatch.setattr(schema, "VERSION", len(later))
    database = open_database(None, home=tmp_path)
    assert migrate(database) == 1
    assert database.execute("SELECT day, source FROM diary_days") == [(20_000, None)]
    database.close()


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "MIGRATIONS", (("CREATE TABLE one (a INTEGER)", "CREATE TABLE one (a INTEGER)"),))
    database = open_database(None, home=tmp_path)
    with pytest.raises(DiariesUnavailable, match="already exists"):
        migrate(database)
    assert not database.has_table("one")
    assert version_of(database) == 0
    database.close()


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    with open_diaries(home=tmp_path) as diaries:
        diaries.prepare()
        diaries.database.execute("UPDATE diary_schema SET version = ?", (VERSION + 1,))
    with open_diaries(home=tmp_path) as diaries, pytest.raises(NewerSchema, match="Upgrade the platform"):
        diaries.put("", "anna", 20_000, {"stress_level": 1}, check=no_check)
