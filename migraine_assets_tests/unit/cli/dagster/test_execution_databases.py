"""Dagster's databases stay open while a run writes to them, and are closed afterwards."""

from pathlib import Path

import dagster as dg

from migraine_assets.cli.dagster.execution import keep_databases_open


def test_the_write_ahead_log_is_merged_once_at_the_end(tmp_path: Path) -> None:
    """SQLite keeps the write-ahead log as long as a connection is open; the last connection removes it."""
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        log = tmp_path / "history" / "runs" / "index.db-wal"
        with keep_databases_open(instance, "a-run"):
            instance.add_dynamic_partitions("days", ["monday"])
            assert log.exists()
        assert not log.exists()
        assert instance.get_dynamic_partitions("days") == ["monday"]


def test_without_sqlite_nothing_is_opened() -> None:
    with dg.DagsterInstance.ephemeral() as instance, keep_databases_open(instance, "a-run"):
        assert instance.get_runs() == []
