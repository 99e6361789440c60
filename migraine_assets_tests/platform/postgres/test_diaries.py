"""Kept diaries in PostgreSQL: what SQLite does, by several processes, through lost connections, and erased."""

from pathlib import Path

import pytest

from migraine_assets.stores.diaries.database import DiariesUnavailable
from migraine_assets.stores.diaries.diaries import KeptDay
from migraine_assets.stores.diaries.erasure import count_rows, erase_rows
from migraine_assets.stores.diaries.history import days_at, days_written, extent
from migraine_assets.stores.diaries.schema import VERSION, NewerSchema
from migraine_assets.stores.diaries.statements import PROFILE
from migraine_assets.stores.store import Store
from migraine_assets_tests.platform.postgres.server import Postgres
from migraine_assets_tests.support.homes import Home
from migraine_assets_tests.support.kept_diaries import kill_after, no_check, open_diaries, writer
from migraine_assets_tests.unit.serving.trained import history, running

DAY = 20_000


def test_days_are_merged_versioned_read_and_deleted(server: Postgres, tmp_path: Path) -> None:
    server.create("kept")
    now = [10.0]
    with open_diaries(server.url("kept"), home=tmp_path, clock=lambda: now[0]) as diaries:
        for now[0], owner, day, changes in (
            (10.0, "", PROFILE, {"age": 30}),
            (20.0, "", DAY, {"stress_level": 1, "migraine_occurrence": 1}),
            (30.0, "", DAY, {"stress_level": None, "sleep_hours": 6.5}),
            (40.0, "north", DAY, {"stress_level": 9}),
        ):
            diaries.put(owner, "anna", day, changes, check=no_check)
        expected = {"sleep_hours": 6.5, "migraine_occurrence": 1}
        assert diaries.recent("", "anna", last=DAY, count=29) == ([KeptDay(DAY, expected)], {"age": 30})
        assert diaries.days("north", "anna", first=PROFILE, last=DAY) == [KeptDay(DAY, {"stress_level": 9})]
        assert diaries.days("south", "anna", first=PROFILE, last=DAY) is None
        [before] = days_at(diaries.database, moment=25_000_000)
        assert before.values == {"age": 30, "stress_level": 1, "migraine_occurrence": 1}
        assert len(list(days_at(diaries.database))) == extent(diaries.database).days == 2
        assert days_written(diaries.database, first=0, end=2**60) == []  # one name, two owners
        [listed], _ = diaries.participants("north", after="", count=10)
        assert (listed.participant, listed.days) == ("anna", 1)
        key = diaries.names.pseudonym("anna")
        assert count_rows(diaries.database, key) == {"diary_versions": 1, "diary_days": 3, "diary_participants": 2}
        assert diaries.delete("north", "anna")
        erase_rows(diaries.database, key)
        assert count_rows(diaries.database, key) == {}


def test_a_check_that_fails_changes_nothing(server: Postgres, tmp_path: Path) -> None:
    def refuse(_: object) -> None:
        raise ValueError("refused")

    server.create("refused")
    with open_diaries(server.url("refused"), home=tmp_path) as diaries:
        with pytest.raises(ValueError, match="refused"):
            diaries.put("", "anna", DAY, {"stress_level": 1}, check=refuse)
        assert extent(diaries.database).participants == 0


def test_processes_that_write_at_once_and_are_killed_lose_nothing(server: Postgres, tmp_path: Path) -> None:
    """Both create the tables, too."""
    server.create("writers")
    url = server.url("writers")
    same = [writer(url, tmp_path, "stress_level", field, last=30, step=0) for field in ("humidity", "hydration")]
    killed = writer(url, tmp_path, "stress_level", "hydration", participant="berta", last=100_000, step=1)
    count = kill_after(killed, 20)
    assert [process.communicate()[0].count("\n") for process in same] == [30, 30]
    with open_diaries(url, home=tmp_path) as diaries:
        [day] = diaries.days("", "anna", first=0, last=DAY) or []
        days = diaries.days("", "berta", first=0, last=DAY + 100_000) or []
    assert day.values == {"stress_level": 29, "humidity": 29, "hydration": 29}
    assert count <= len(days) <= count + 1
    assert all(each.values == {"stress_level": k, "hydration": k} for k, each in enumerate(days))


def test_a_lost_connection_is_made_again_and_a_stopped_server_is_unavailable(server: Postgres, tmp_path: Path) -> None:
    server.create("lost")
    with open_diaries(server.url("lost"), home=tmp_path) as diaries:
        for value in range(3):
            diaries.put("", "anna", DAY, {"stress_level": value}, check=no_check)
            server.query("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'lost'")
            assert diaries.recent("", "anna", last=DAY, count=1)[0] == [KeptDay(DAY, {"stress_level": value})]
            server.query("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'lost'")
    with open_diaries("postgresql://migraine:hidden@127.0.0.1:1/lost", home=tmp_path) as diaries:
        with pytest.raises(DiariesUnavailable, match=r"127\.0\.0\.1:1/lost") as error:
            diaries.recent("", "anna", last=DAY, count=1)
        assert "hidden" not in str(error.value)


def test_migrate_creates_the_tables_and_leaves_newer_ones_alone(server: Postgres, home: Home) -> None:
    server.create("migrated")
    extra = {"SERVING_DIARY_URL": server.url("migrated")}
    first, second = (home.process("migrate", "diaries", extra=extra) for _ in range(2))
    assert (first.code, second.code) == (0, 0), first.text
    assert f"(schema {VERSION})" in first.text
    assert "up to date" in second.text
    server.query("migrated", f"UPDATE diary_schema SET version = {VERSION + 1}")
    third = home.process("migrate", "diaries", extra=extra)
    assert (third.code, "left unchanged" in third.text) == (0, True)
    with (
        open_diaries(server.url("migrated"), home=home.root) as diaries,
        pytest.raises(NewerSchema, match="Upgrade the platform"),
    ):
        diaries.put("", "anna", DAY, {}, check=no_check)


def test_the_service_keeps_diaries_there(server: Postgres, tmp_path: Path) -> None:
    server.create("service")
    store = Store(str(tmp_path / "store"))
    with running(store, tmp_path, diary_url=server.url("service")) as (client, _):
        for entry in history(3):
            day = entry["date"]
            assert client.put(f"/diaries/anna/days/{day}", json=entry).status_code == 200
        assert client.get("/diaries/anna").json()["entries"] == history(3)
        assert client.get("/forecast/anna").status_code == 503  # no model
        assert client.delete("/diaries/anna").status_code == 204
    assert not (tmp_path / "diaries.db").exists()
