"""Logs of runs in the store: another process reads the log of one that is running, and after its end."""

import sys
from pathlib import Path

import pytest
from dagster._core.storage.compute_log_manager import ComputeIOType
from dagster._serdes import ConfigurableClassData

from migraine_assets.defs.run_logs import StoreComputeLogManager
from migraine_assets.stores.store import Store

KEY = ["run-1", "compute_logs", "step"]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """An object store for logs."""
    uri = f"memory://{tmp_path.name}/store"
    monkeypatch.setenv("MIGRAINE_STORE_URI", uri)
    return Store(uri)


def _manager(folder: Path) -> StoreComputeLogManager:
    """Return a manager as dagster.yaml configures it."""
    config = f"local_dir: {folder}"
    data = ConfigurableClassData("migraine_assets.defs.run_logs", "StoreComputeLogManager", config)
    return data.rehydrate(StoreComputeLogManager)


def _read(manager: StoreComputeLogManager) -> str:
    content = manager.get_log_data(KEY).stdout
    return content.decode() if content else ""


def test_another_pod_reads_a_finished_log(store: Store, tmp_path: Path) -> None:
    with _manager(tmp_path / "run").capture_logs(KEY):
        sys.stdout.write("trained\n")
        sys.stdout.flush()
    webserver = _manager(tmp_path / "webserver")
    assert webserver.is_capture_complete(KEY)
    assert "trained" in _read(webserver)
    assert store.list("logs/run-1/compute_logs") == ["step.err", "step.out"]


def test_a_running_step_is_read_from_its_latest_copy(store: Store, tmp_path: Path) -> None:
    run, webserver = _manager(tmp_path / "run"), _manager(tmp_path / "webserver")
    with run.capture_logs(KEY):
        sys.stdout.write("first line\n")
        sys.stdout.flush()
        run.on_progress(KEY)
        assert not webserver.is_capture_complete(KEY)
        assert "first line" in _read(webserver)
    # The copy of the unfinished log is gone.
    assert store.list("logs/run-1/compute_logs") == ["step.err", "step.out"]


def test_logs_are_listed_and_deleted(store: Store, tmp_path: Path) -> None:
    manager = _manager(tmp_path / "run")
    with manager.capture_logs(KEY):
        sys.stdout.write("x\n")
    assert manager.get_log_keys_for_log_key_prefix(KEY[:2], ComputeIOType.STDOUT) == [KEY]
    assert manager.display_path_for_type(KEY, ComputeIOType.STDOUT).endswith("/store/logs/run-1/compute_logs/step.out")
    manager.delete_logs(log_key=KEY)
    assert not manager.cloud_storage_has_logs(KEY, ComputeIOType.STDOUT)
    with manager.capture_logs(KEY):
        sys.stdout.write("x\n")
    manager.delete_logs(prefix=["run-1"])
    assert store.list("logs/run-1/compute_logs") == []


@pytest.mark.usefixtures("store")
def test_a_log_that_was_never_written_is_empty(tmp_path: Path) -> None:
    assert _read(_manager(tmp_path / "webserver")) == ""
