"""The connection to MLflow: its environment variables, its client, and the errors if it is unavailable.

Not here: runs (`stores.tracking.experiments`), registered models (`stores.tracking.models`).
"""

import logging
import os
import re
import socket
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from migraine_assets.errors import ConfigurationError, StoreError
from migraine_assets.stores.locks import file_lock
from migraine_assets.stores.tracking.database import prepare_sqlite

if TYPE_CHECKING:
    from mlflow import MlflowClient

T = TypeVar("T")
CONNECT_SECONDS = 5.0
# Defaults that the user can override. With these, an unreachable server takes seconds; with MLflow's, two minutes.
_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
_SERVERS = {"http", "https", "databricks"}
_DATABASES = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}


class TrackingUnavailable(StoreError):
    """MLflow is unreachable or refuses a request. Training continues without it and shows a warning."""


def attempt(log: Callable[[], T], *, warn: Callable[[str], object]) -> T | None:
    """Call `log()` and return its result. If MLflow is unavailable, call `warn(message)` and return None."""
    try:
        return log()
    except TrackingUnavailable as error:
        warn(str(error))
        return None


def set_environment() -> None:
    """Disable telemetry and printing, and shorten timeouts. Must be called before mlflow is first imported."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)


class Connection:
    """The connection to a tracking store, which is opened on first use.

    If the store was unreachable once, it is not contacted again.
    """

    def __init__(self, uri: str, *, artifact_root: str | None = None) -> None:
        self.uri = uri
        self.artifact_root = artifact_root or _default_artifact_root(uri)
        self._client: MlflowClient | None = None
        self._unreachable: str | None = None

    @contextmanager
    def client(self) -> Iterator["MlflowClient"]:
        """Provide MLflow's client. Errors of MLflow, its database and the network become `TrackingUnavailable`."""
        if self._unreachable:
            raise TrackingUnavailable(self._unreachable)
        with _warnings_suppressed(), self._translate_errors():
            self._client = self._client or self._open()
            yield self._client

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except (MlflowException, SQLAlchemyError, OSError) as error:
            message = self._message(error)
            self._unreachable = message if self._is_remote and _is_unreachable(error) else None
            raise TrackingUnavailable(message) from error

    def exclusive(self) -> AbstractContextManager[None]:
        """Lock the store against other processes of this machine. A tracking server is not locked."""
        if _scheme(self.uri) in _SERVERS:
            return nullcontext()
        path = _sqlite_path(self.uri)
        folder = path.parent if path else Path(tempfile.gettempdir())
        return file_lock(folder / f".mlflow-runs-{os.getuid()}.lock")

    def _open(self) -> "MlflowClient":
        from mlflow import MlflowClient

        if path := _sqlite_path(self.uri):
            prepare_sqlite(path, artifact_root=str(self.artifact_root))
        elif self._is_remote and _scheme(self.uri) not in _SERVERS:
            # Check the connection first, because MLflow would retry for minutes.
            address = urlsplit(self.uri)
            port = address.port or _DATABASES[_scheme(self.uri)]
            socket.create_connection((address.hostname or "localhost", port), timeout=CONNECT_SECONDS).close()
        return MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)

    @property
    def _is_remote(self) -> bool:
        return _sqlite_path(self.uri) is None

    def _message(self, error: Exception) -> str:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        return f"MLflow at {_public(self.uri)} cannot be used: {_public(reason)[:300]}"


@contextmanager
def _warnings_suppressed() -> Iterator[None]:
    """Suppress warnings in this block, which are about MLflow's own use of other packages."""
    set_environment()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _default_artifact_root(uri: str) -> str | None:
    """Return the default artifact root: beside a SQLite file, or None for a server, which has its own.

    Raises `ConfigurationError` for a database, or for a URI that MLflow does not support.
    """
    if path := _sqlite_path(uri):
        return (path.parent / "mlartifacts").as_uri()
    if _scheme(uri) in _SERVERS:
        return None
    if _scheme(uri) in _DATABASES:
        raise ConfigurationError(f"MLflow on {_public(uri)} needs an artifact root, for example s3://bucket/mlflow.")
    raise ConfigurationError(
        f"'{_public(uri)}' is not a tracking URI of MLflow. Use sqlite:///path/mlflow.db, a database "
        "(postgresql://...) or the http(s):// address of an MLflow server."
    )


def _sqlite_path(uri: str) -> Path | None:
    file = uri.removeprefix("sqlite:///").split("?")[0]
    return Path(file).absolute() if uri.startswith("sqlite:///") else None


def _scheme(uri: str) -> str:
    return urlsplit(uri).scheme.split("+")[0]


def _public(text: str) -> str:
    """Return the text without the user names and passwords of URLs."""
    return re.sub(r"(?<=://)[^/@\s]+@", "", text)


def _is_unreachable(error: Exception) -> bool:
    import requests

    unreachable = (requests.ConnectionError, requests.Timeout, ConnectionError, TimeoutError, socket.gaierror)
    return isinstance(error, unreachable) or "API request to" in str(error) or "OperationalError" in str(error)
