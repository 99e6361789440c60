"""Dagster's databases stay open while a run writes to them, and are let go afterwards."""

from pathlib import Path

import dagster as dg

from migraine_assets.cli.dagster.execution import held_open


def test_the_log_of_a_run_is_folded_in_once_at_the_end(tmp_path: Path) -> None:
    """The write-ahead log is there as long as somebody holds the file open; its last reader takes it away."""
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        left = tmp_path / "history" / "runs" / "index.db-wal"
        with held_open(instance, "a-run"):
            instance.add_dynamic_partitions("days", ["monday"])
            assert left.exists()
        assert not left.exists()
        assert instance.get_dynamic_partitions("days") == ["monday"]


def test_records_that_are_not_in_sqlite_files_are_left_alone() -> None:
    with dg.DagsterInstance.ephemeral() as instance, held_open(instance, "a-run"):
        assert instance.get_runs() == []
