"""The way to MLflow: its environment, its client, and what to make of it when it does not answer.

Here belong addresses, time limits and errors. Not here: what is logged (`tracking`), models
(`tracking_models`).
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
# Set only where the user has not: a server that is down costs seconds, not the two minutes of MLflow's
# defaults.
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
    """MLflow does not answer or refuses. Training goes on without it; whoever logs says so."""


def attempt(log: Callable[[], T], *, warn: Callable[[str], object]) -> T | None:
    """What `log()` returns, or None after `warn(sentence)` where MLflow is unavailable."""
    try:
        return log()
    except TrackingUnavailable as error:
        warn(str(error))
        return None


def settle_environment() -> None:
    """Telemetry off, short time limits, no printing. Comes before a process first imports mlflow."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)


class Connection:
    """One tracking store, prepared on first use. After it was found unreachable it is not asked again."""

    def __init__(self, uri: str, *, artifact_root: str | None = None) -> None:
        self.uri = uri
        self.artifact_root = artifact_root or _beside_database(uri)
        self._client: MlflowClient | None = None
        self._unreachable: str | None = None

    @contextmanager
    def client(self) -> Iterator["MlflowClient"]:
        """MLflow's client; whatever MLflow, its database or its transport raise is a `TrackingUnavailable`."""
        if self._unreachable:
            raise TrackingUnavailable(self._unreachable)
        with _quietly(), self._reported():
            self._client = self._client or self._open()
            yield self._client

    @contextmanager
    def _reported(self) -> Iterator[None]:
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except (MlflowException, SQLAlchemyError, OSError) as error:
            sentence = self._sentence(error)
            self._unreachable = sentence if self._is_remote and _is_unreachable(error) else None
            raise TrackingUnavailable(sentence) from error

    def exclusive(self) -> AbstractContextManager[None]:
        """Hold the store against other processes of this machine. A server has no such lock."""
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
            # MLflow would try for minutes.
            address = urlsplit(self.uri)
            port = address.port or _DATABASES[_scheme(self.uri)]
            socket.create_connection((address.hostname or "localhost", port), timeout=CONNECT_SECONDS).close()
        return MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)

    @property
    def _is_remote(self) -> bool:
        return _sqlite_path(self.uri) is None

    def _sentence(self, error: Exception) -> str:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        return f"MLflow at {_public(self.uri)} cannot be used: {_public(reason)[:300]}"


@contextmanager
def _quietly() -> Iterator[None]:
    """MLflow's modules warn of their own use of other packages: nothing that a user could act on."""
    settle_environment()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _beside_database(uri: str) -> str | None:
    """Where artifacts go: beside an SQLite file; a server decides for itself (None)."""
    if path := _sqlite_path(uri):
        return (path.parent / "mlartifacts").as_uri()
    if _scheme(uri) in _SERVERS:
        return None
    if _scheme(uri) in _DATABASES:
        raise ConfigurationError(f"MLflow on {_public(uri)} needs an artifact root, such as s3://bucket/mlflow.")
    raise ConfigurationError(
        f"'{_public(uri)}' is no place for MLflow's experiments; use sqlite:///path/mlflow.db, a database "
        "(postgresql://...) or the http(s):// address of an MLflow server."
    )


def _sqlite_path(uri: str) -> Path | None:
    file = uri.removeprefix("sqlite:///").split("?")[0]
    return Path(file).absolute() if uri.startswith("sqlite:///") else None


def _scheme(uri: str) -> str:
    return urlsplit(uri).scheme.split("+")[0]


def _public(text: str) -> str:
    return re.sub(r"(?<=://)[^/@\s]+@", "", text)


def _is_unreachable(error: Exception) -> bool:
    import requests

    gone = (requests.ConnectionError, requests.Timeout, ConnectionError, TimeoutError, socket.gaierror)
    return isinstance(error, gone) or "API request to" in str(error) or "OperationalError" in str(error)
