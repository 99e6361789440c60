"""Logs of runs in the store, so that pods need no shared volume: Dagster's `compute_logs` in dagster.yaml.

Dagster captures the logs in local files. Those of a running step are copied to the store every half minute, and at its
end. Not here: Dagster's events (its database), the prediction log (`stores.prediction_log`).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dagster import DagsterInstance
from dagster._core.storage.cloud_storage_compute_log_manager import (
    CloudStorageComputeLogManager,
    PollingComputeLogSubscriptionManager,
)
from dagster._core.storage.compute_log_manager import CapturedLogSubscription, ComputeIOType
from dagster._core.storage.local_compute_log_manager import IO_TYPE_EXTENSION, LocalComputeLogManager
from dagster._serdes import ConfigurableClass, ConfigurableClassData

from migraine_assets.settings import Settings
from migraine_assets.stores.store import Store

FOLDER = "logs"
UPLOAD_SECONDS = 30


class StoreComputeLogManager(CloudStorageComputeLogManager[DagsterInstance], ConfigurableClass):
    """Compute log manager that keeps the logs of runs under `logs/` in the store of `MIGRAINE_STORE_URI`.

    Parameters
    ----------
    local_dir: folder for the files of running steps, and of logs that are being read.
    """

    def __init__(self, local_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._local = LocalComputeLogManager(local_dir)
        self._subscriptions = PollingComputeLogSubscriptionManager(self)  # type: ignore[no-untyped-call]
        self._inst_data = inst_data
        self._opened: Store | None = None

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        """The configuration in dagster.yaml."""
        return self._inst_data

    @classmethod
    def config_type(cls) -> Any:
        """Return the fields in dagster.yaml."""
        return {"local_dir": str}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "StoreComputeLogManager":
        """Create an instance from dagster.yaml."""
        return cls(inst_data=inst_data, **config_value)

    @property
    def local_manager(self) -> LocalComputeLogManager:
        """The files on this machine."""
        return self._local

    @property
    def upload_interval(self) -> int:
        """Seconds between copies of unfinished logs."""
        return UPLOAD_SECONDS

    @property
    def _store(self) -> Store:
        # Opened on first use, so that processes that never read a log do not connect.
        if self._opened is None:
            self._opened = Store(Settings().store_location)
        return self._opened

    def _path(self, log_key: Sequence[str], io_type: ComputeIOType, *, partial: bool = False) -> str:
        return "/".join((FOLDER, *log_key)) + f".{IO_TYPE_EXTENSION[io_type]}" + (".partial" if partial else "")

    def _file(self, log_key: Sequence[str], io_type: ComputeIOType, *, partial: bool = False) -> Path:
        return Path(self._local.get_captured_local_path(log_key, IO_TYPE_EXTENSION[io_type], partial=partial))

    def delete_logs(self, log_key: Sequence[str] | None = None, prefix: Sequence[str] | None = None) -> None:
        """Delete the logs of a key, or of all keys with a prefix."""
        self._local.delete_logs(log_key=log_key, prefix=prefix)
        if prefix:
            self._store.delete("/".join((FOLDER, *prefix)))
        elif log_key:
            for io_type in ComputeIOType:
                for partial in (False, True):
                    self._store.delete(self._path(log_key, io_type, partial=partial))

    def download_url_for_type(self, log_key: Sequence[str], io_type: ComputeIOType) -> str | None:  # noqa: ARG002
        """Return None: the webserver itself serves the logs, so browsers need no access to the store."""
        return None

    def display_path_for_type(self, log_key: Sequence[str], io_type: ComputeIOType) -> str:
        """Return the location of a log, for display."""
        return f"{self._store.uri.rstrip('/')}/{self._path(log_key, io_type)}"

    def cloud_storage_has_logs(self, log_key: Sequence[str], io_type: ComputeIOType, partial: bool = False) -> bool:
        """Return whether the store has a finished log, or an unfinished one."""
        return self._store.exists(self._path(log_key, io_type, partial=partial))

    def upload_to_cloud_storage(self, log_key: Sequence[str], io_type: ComputeIOType, partial: bool = False) -> None:
        """Copy a log to the store. An unfinished one is replaced, and deleted when the log is finished."""
        file = self._file(log_key, io_type)
        content = file.read_bytes() if file.exists() else b""
        if partial and not content:
            return
        self._store.write(self._path(log_key, io_type, partial=partial), content)
        if not partial:
            self._store.delete(self._path(log_key, io_type, partial=True))

    def download_from_cloud_storage(
        self, log_key: Sequence[str], io_type: ComputeIOType, partial: bool = False
    ) -> None:
        """Copy a log from the store to this machine."""
        file = self._file(log_key, io_type, partial=partial)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(self._store.read(self._path(log_key, io_type, partial=partial)))

    def get_log_keys_for_log_key_prefix(
        self, log_key_prefix: Sequence[str], io_type: ComputeIOType
    ) -> Sequence[list[str]]:
        """Return the keys of the finished logs directly under a prefix."""
        ending = f".{IO_TYPE_EXTENSION[io_type]}"
        names = self._store.list("/".join((FOLDER, *log_key_prefix)))
        return [[*log_key_prefix, name.removesuffix(ending)] for name in names if name.endswith(ending)]

    def on_subscribe(self, subscription: CapturedLogSubscription) -> None:
        """Watch a log for the UI."""
        self._subscriptions.add_subscription(subscription)

    def on_unsubscribe(self, subscription: CapturedLogSubscription) -> None:
        """Stop watching a log."""
        self._subscriptions.remove_subscription(subscription)
