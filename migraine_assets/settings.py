"""Typed settings from the environment, which is read when `Settings()` is called, never at import.

Not here: hyperparameters and thresholds (`migraine_assets.params`), the service's own variables (`serving.settings`).
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from migraine_assets.errors import ConfigurationError

# Default ports at which `migraine ui` serves MLflow and the reports.
MLFLOW_PORT, REPORTS_PORT = 5000, 3002


class EnvironmentSettings(BaseSettings):
    """Base of settings from environment variables. Raises `ConfigurationError` for an invalid value."""

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            # pydantic's error would be shown with a traceback, like a bug.
            raise ConfigurationError("\n".join(map(self._explain, error.errors()))) from None

    @classmethod
    def _explain(cls, error: ErrorDetails) -> str:
        name = str(error["loc"][0])
        prefix = cls.model_config.get("env_prefix", "") if name in cls.model_fields else ""
        return f"{prefix}{name}".upper() + f" is {error['input']!r}; it {requirement(error)}."


class Settings(EnvironmentSettings):
    """Settings of the platform, from `MIGRAINE_*` variables.

    Parameters
    ----------
    home: root folder of all state, unless another setting moves a part of it.
    store_uri: fsspec URL of the store.
    automation: whether sensors and schedules are on by default.
    executor: whether the steps of a run share one process, or each run in a process or pod.
    step_resources: if each step runs in a pod, the requests and limits of steps that do not train a model, as JSON.
    group_access: whether the group of the files may read them, in addition to their owner.
    alert_urls: notification channels, as Apprise URLs.
    webhooks: endpoints of apps for forecasts above the usual, as JSON by name of the API key.
    public_url: address of the Dagster UI, for links.
    mlflow_url, reports_url: addresses of the MLflow UI and of the reports, for links.
    service_url: address at which this process reaches the HTTP service.
    serving_secret: the service's `SERVING_SECRET`, without which outcomes cannot be matched to predictions.
    diary_database: the service's `SERVING_DIARY_URL`, the database of kept diaries.
    """

    model_config = SettingsConfigDict(env_prefix="MIGRAINE_", frozen=True, extra="ignore", env_ignore_empty=True)

    home: Path = Path(".migraine")
    store_uri: str | None = None
    source: str | None = None
    mapping: str | None = None
    params: Path | None = None
    mlflow_tracking_uri: str | None = None
    automation: bool = False
    executor: Literal["in_process", "multiprocess", "k8s_job"] = "in_process"
    step_resources: dict[str, dict[str, str]] | None = None
    group_access: bool = False
    alert_urls: SecretStr | None = None
    webhooks: SecretStr | None = None
    public_url: str | None = None
    mlflow_url: str | None = None
    reports_url: str | None = None
    service_url: str | None = None
    serving_secret: SecretStr | None = Field(None, validation_alias="SERVING_SECRET")
    diary_database: SecretStr | None = Field(None, validation_alias="SERVING_DIARY_URL")

    @property
    def channel_urls(self) -> str:
        """The Apprise URLs in one string; empty if there are none."""
        return self.alert_urls.get_secret_value().strip() if self.alert_urls else ""

    @property
    def webhook_endpoints(self) -> str:
        """The endpoints of apps as JSON; empty if there are none."""
        return self.webhooks.get_secret_value().strip() if self.webhooks else ""

    @property
    def signing_secret(self) -> str | None:
        """The configured signing secret; None if the service uses the one in the store."""
        return self.serving_secret.get_secret_value() if self.serving_secret else None

    @property
    def diary_url(self) -> str | None:
        """The address of the database of kept diaries; None for the SQLite file under home."""
        return self.diary_database.get_secret_value() if self.diary_database else None

    @property
    def root(self) -> Path:
        """`MIGRAINE_HOME` as an absolute path."""
        return self.home.expanduser().resolve()

    @property
    def store_location(self) -> str:
        """The fsspec URL of the store; by default the folder `store` under home."""
        return self.store_uri or str(self.root / "store")

    @property
    def tracking_uri(self) -> str:
        """MLflow's tracking URI; by default a SQLite database under home."""
        return self.mlflow_tracking_uri or f"sqlite:///{self.root / 'mlflow.db'}"

    @property
    def mlflow_address(self) -> str | None:
        """The address of the MLflow UI: as set, or the tracking server, or that of `migraine ui`; None if unknown."""
        if self.mlflow_url:
            return self.mlflow_url.rstrip("/")
        if self.tracking_uri.startswith(("http://", "https://")):
            return self.tracking_uri.rstrip("/")
        return f"http://127.0.0.1:{MLFLOW_PORT}" if self._is_local else None

    @property
    def reports_address(self) -> str | None:
        """The address of the reports: as set, or that of `migraine ui`; None if they are not served."""
        if self.reports_url:
            return self.reports_url.rstrip("/")
        return f"http://127.0.0.1:{REPORTS_PORT}" if self._is_local else None

    @property
    def _is_local(self) -> bool:
        return self.tracking_uri.startswith("sqlite:")

    @property
    def artifact_root(self) -> str:
        """The folder of MLflow's artifacts, unless a tracking server stores them."""
        return str(self.root / "mlartifacts")

    @property
    def reports(self) -> Path:
        """The folder of finished reports."""
        return self.root / "reports"

    @property
    def landing(self) -> Path:
        """The landing folder for new diaries."""
        return self.root / "landing"


def requirement(error: ErrorDetails) -> str:
    """Return pydantic's requirement of a value as the end of a sentence: "must be greater than 0"."""
    if error["type"] == "bool_parsing":
        return "must be on or off"
    return error["msg"].replace("Input should", "must", 1)
