"""Diaries in SQLite: merging, versions, limits, several processes, and killed processes."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from migraine_assets.errors import StoreError
from migraine_assets.stores.diaries.database import DiariesUnavailable
from migraine_assets.stores.diaries.day import encode_day
from migraine_assets.stores.diaries.diaries import MOST_VERSIONS, Diaries, KeptDay
from migraine_assets.stores.diaries.statements import PROFILE
from migraine_assets_tests.support.kept_diaries import kill_after, no_check, open_diaries, writer

DAY = 20_000


def put(diaries: Diaries, day: int = DAY, *, owner: str = "", participant: str = "anna", **fields: object) -> object:
    return diaries.put(owner, participant, day, fields, check=no_check)  # type: ignore[arg-type]


def everything(diaries: Diaries, *, owner: str = "") -> list[KeptDay]:
    return diaries.days(owner, "anna", first=PROFILE, last=2**31 - 1) or []


def test_whole_numbers_stay_integers_and_a_change_that_changes_nothing_is_no_version(tmp_path: Path) -> None:
    with open_diaries(home=tmp_path) as diaries:
        assert repr(put(diaries, stress_level=3.0, sleep_hours=6.5, neck_pain=True)) == repr(
            {"stress_level": 3, "sleep_hours": 6.5, "neck_pain": 1}
        )
        for _ in range(3):
            put(diaries, stress_level=3)
        assert diaries.database.execute("SELECT COUNT(*) FROM diary_versions") == [(0,)]


def test_a_check_that_fails_changes_nothing_and_sees_the_profile(tmp_path: Path) -> None:
    def refuse(values: object) -> None:
        assert values == {"age": 30, "stress_level": 4}
        raise ValueError("refused")

    with open_diaries(home=tmp_path) as diaries:
        put(diaries, PROFILE, age=30)
        with pytest.raises(ValueError, match="refused"):
            diaries.put("", "anna", DAY, {"stress_level": 4}, check=refuse)
        assert everything(diaries) == [KeptDay(PROFILE, {"age": 30})]
        assert put(diaries, sleep_hours=7) == {"sleep_hours": 7}


def test_the_newest_days_come_with_the_profile_and_in_order(tmp_path: Path) -> None:
    with open_diaries(home=tmp_path) as diaries:
        put(diaries, PROFILE, age=30)
        for k in (3, 1, 2, 0):
            put(diaries, DAY + k, stress_level=k)
        days, profile = diaries.recent("", "anna", last=DAY + 2, count=2)
        assert ([day.day for day in days], profile) == ([DAY + 1, DAY + 2], {"age": 30})
        assert diaries.recent("", "berta", last=DAY, count=2) == ([], {})
        assert diaries.recent("other", "anna", last=DAY, count=2) == ([], {})


def test_the_number_of_versions_of_a_day_is_bounded(tmp_path: Path) -> None:
    with open_diaries(home=tmp_path) as diaries:
        for k in range(MOST_VERSIONS + 10):
            put(diaries, stress_level=k)
        [(count, oldest)] = diaries.database.execute("SELECT COUNT(*), MIN(written) FROM diary_versions")
        assert count == MOST_VERSIONS
        assert diaries.database.execute("SELECT content FROM diary_versions WHERE written = ?", (oldest,)) == [
            (encode_day({"stress_level": 9}),)
        ]


def test_deleting_leaves_no_earlier_value(tmp_path: Path) -> None:
    with open_diaries(home=tmp_path) as diaries:
        for value in (1, 2):
            put(diaries, stress_level=value)
            put(diaries, DAY + 1, stress_level=value)
        assert diaries.delete_day("", "anna", DAY)
        assert diaries.database.execute("SELECT day FROM diary_versions") == [(DAY + 1,)]
        assert diaries.delete_day("", "anna", DAY + 1)
        assert not diaries.delete("", "anna")
        for table in ("diary_versions", "diary_participants"):
            assert diaries.database.execute(f"SELECT * FROM {table}") == []


def test_another_secret_is_refused(tmp_path: Path) -> None:
    with open_diaries(home=tmp_path) as diaries:
        put(diaries, stress_level=1)
    with open_diaries(home=tmp_path, secret=b"another") as diaries, pytest.raises(StoreError, match="SERVING_SECRET"):
        put(diaries, stress_level=2)


def test_participants_are_listed_by_page_and_by_owner(tmp_path: Path) -> None:
    names = {f"P-{k}" for k in range(5)}
    with open_diaries(home=tmp_path) as diaries:
        for name in names:
            put(diaries, participant=name, stress_level=1)
        put(diaries, owner="other", participant="Q", stress_level=1)
        listed, after = [], ""
        while after is not None:
            page, after = diaries.participants("", after=after, count=2)  # type: ignore[assignment]
            listed += [diary.participant for diary in page]
        assert (len(listed), set(listed)) == (5, names)


@pytest.mark.parametrize("content", [b"", b"\xc1", encode_day({"age": 1})[:-1], b"\x92\x02\x80"])
def test_a_damaged_or_newer_day_is_an_error_with_its_reason(tmp_path: Path, content: bytes) -> None:
    with open_diaries(home=tmp_path) as diaries:
        put(diaries, stress_level=1)
        diaries.database.execute("UPDATE diary_days SET content = ?", (content,))
        with pytest.raises(StoreError, match="format 2" if content == b"\x92\x02\x80" else "damaged"):
            everything(diaries)


def test_two_processes_that_write_one_day_leave_one_of_the_two_whole(tmp_path: Path) -> None:
    """A field that only one process writes has the last value of that process."""
    writers = [
        writer(None, tmp_path, "stress_level", field, last=40, step=0) for field in ("sleep_hours", "caffeine_intake")
    ]
    assert [process.communicate()[0].count("\n") for process in writers] == [40, 40]
    with open_diaries(home=tmp_path) as diaries:
        [day] = everything(diaries)
    assert (day.values["sleep_hours"], day.values["caffeine_intake"]) == (39, 39)
    assert day.values["stress_level"] == 39


def test_a_killed_process_loses_no_acknowledged_day(tmp_path: Path) -> None:
    count = kill_after(writer(None, tmp_path, "stress_level", "sleep_hours", last=100_000, step=1), 30)
    with open_diaries(home=tmp_path) as diaries:
        rows = everything(diaries)
        assert count <= len(rows) <= count + 1
        assert rows == [KeptDay(DAY + k, {"stress_level": k, "sleep_hours": k}) for k in range(len(rows))]
        put(diaries, stress_level=5)


_READ = """
import sys
from pathlib import Path
from migraine_assets_tests.support.kept_diaries import open_diaries
with open_diaries(home=Path(sys.argv[1])) as diaries:
    assert diaries.days("", "anna", first=0, last=30_000)
"""


def test_a_process_that_leaves_takes_no_write_ahead_log_from_others(tmp_path: Path) -> None:
    """SQLite's locks belong to a process and a file: closing the file anywhere in the process releases them all."""
    with open_diaries(home=tmp_path) as diaries:
        put(diaries, stress_level=1)
        with ThreadPoolExecutor() as threads:
            assert threads.submit(everything, diaries).result()
        subprocess.run([sys.executable, "-c", _READ, str(tmp_path)], check=True)
        assert (tmp_path / "diaries.db-wal").exists()


def test_a_locked_database_is_unavailable_for_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("migraine_assets.stores.diaries.sqlite.BUSY_SECONDS", 0.05)
    with open_diaries(home=tmp_path) as one, open_diaries(home=tmp_path) as other:
        put(one, stress_level=1)
        other.prepare()
        with one.database.transaction("key"), pytest.raises(DiariesUnavailable, match="locked"):
            put(other, stress_level=2)
        # Readers do not wait for a writer.
        with one.database.transaction("key"):
            assert everything(other)
        put(other, stress_level=2)
