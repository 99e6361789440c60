"""The environment, typed. The only module that reads environment variables; read when called, never at import."""

from pathlib import Path
from typing import Literal, get_args

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from migraine_assets.errors import ConfigurationError

SWITCH = {"on": True, "true": True, "yes": True, "1": True, "off": False, "false": False, "no": False, "0": False}


class Settings(BaseSettings):
    """Where state lives, which source is read and who is told, from `MIGRAINE_*` variables.

    `automation`: whether sensors and schedules are on from the start. `executor`: whether the steps of a run that
    Dagster starts share one process, or have one, or one pod, each. `alert_urls`: the channels of alerts, as Apprise
    writes them. `public_url`: where people reach the Dagster UI. `service_url`: where this process reaches the service.
    `serving_secret`: the service's own `SERVING_SECRET`, without which outcomes do not find their predictions.
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
    alert_urls: SecretStr | None = None
    public_url: str | None = None
    service_url: str | None = None
    serving_secret: SecretStr | None = Field(None, validation_alias="SERVING_SECRET")

    @field_validator("automation", mode="before")
    @classmethod
    def _switch(cls, value: object) -> bool:
        if isinstance(value, bool):
            return value
        try:
            return SWITCH[str(value).strip().lower()]
        except KeyError:
            # Not the validator's own error: that would come out as a fault of ours.
            raise ConfigurationError(f"MIGRAINE_AUTOMATION is '{value}'. Write 'on' or 'off'.") from None

    @field_validator("executor", mode="before")
    @classmethod
    def _known(cls, value: object) -> object:
        known = get_args(cls.model_fields["executor"].annotation)
        if value not in known:
            raise ConfigurationError(f"MIGRAINE_EXECUTOR is '{value}'. Write one of {', '.join(known)}.")
        return value

    @property
    def channel_urls(self) -> str:
        """The channels of alerts as one text; empty where there are none."""
        return self.alert_urls.get_secret_value().strip() if self.alert_urls else ""

    @property
    def given_secret(self) -> str | None:
        """What the service was told to sign with, where it is not the one in the store."""
        return self.serving_secret.get_secret_value() if self.serving_secret else None

    @property
    def root(self) -> Path:
        """`MIGRAINE_HOME` as an absolute path."""
        return self.home.expanduser().resolve()

    @property
    def store_location(self) -> str:
        """The store: any fsspec URL, by default the folder `store` under home."""
        return self.store_uri or str(self.root / "store")

    @property
    def tracking_uri(self) -> str:
        """Where MLflow keeps its experiments: SQLite under home unless a server is named."""
        return self.mlflow_tracking_uri or f"sqlite:///{self.root / 'mlflow.db'}"

    @property
    def artifact_root(self) -> str:
        """Where MLflow's files go, unless a tracking server keeps them."""
        return str(self.root / "mlartifacts")

    @property
    def reports(self) -> Path:
        """Where finished reports are put."""
        return self.root / "reports"

    @property
    def landing(self) -> Path:
        """Where new diaries are dropped."""
        return self.root / "landing"
