"""Settings of the service from `SERVING_*` variables, with types. They are read when called, never at import.

Not here: where state is kept (`MIGRAINE_*`, `migraine_assets.settings`).
"""

import ipaddress
import os
import tempfile
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from migraine_assets.settings import EnvironmentSettings


class ServingSettings(EnvironmentSettings):
    """The settings that an operator can change. Sizes are in bytes and times in seconds."""

    model_config = SettingsConfigDict(env_prefix="SERVING_", frozen=True, extra="ignore")

    # Address.
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    health_port: int = Field(
        0, ge=0, le=65535, description="separate port for probes, which load on the main port cannot starve; 0: none"
    )
    docs: bool = True
    page: bool = Field(True, description="pages for people: / and /staff")

    # Protection.
    api_keys_required: bool = False
    rate_limit: float = Field(0.0, ge=0, description="requests per second and API key or address; 0: no limit")
    rate_burst: int = Field(20, ge=1)
    max_body_bytes: int = Field(1 << 20, ge=1024, description="body size, except of batches")
    max_batch_body_bytes: int = Field(64 << 20, ge=1024, description="body size of a batch")
    max_batch_rows: int = Field(200_000, ge=1, description="rows in an Arrow or Parquet batch")
    request_timeout: float = Field(30.0, gt=0, description="for the body to arrive, and then for the answer")
    max_long_jobs: int = Field(16, ge=1, description="long requests of a replica that wait or run; above it, 503")
    max_buffered_bytes: int = Field(256 << 20, ge=1024, description="bodies of batches in a replica; above it, 503")
    max_connections: int = Field(8192, ge=16, description="lowered if the limit on open files is smaller")
    max_client_connections: int = Field(
        4608, ge=0, description="connections of one address; 0: no limit, as with trust_forwarded"
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    trust_forwarded: bool = Field(False, description="use X-Forwarded-For; only behind a proxy that sets it")
    secret: str | None = Field(None, repr=False, description="signs prediction ids; by default a secret in the store")

    # Models.
    poll_seconds: float = Field(1.0, gt=0, description="how often the champion pointer is read")
    least_history_days: int = Field(1, ge=0, description="with fewer days the service abstains")

    # Kept diaries.
    diaries: bool = Field(True, description="keep diaries: /diaries and /forecast")
    diary_url: str | None = Field(
        None, repr=False, description="PostgreSQL database of the diaries; by default SQLite under MIGRAINE_HOME"
    )
    max_diary_days: int = Field(3660, ge=1, description="days of one participant")
    max_participants: int = Field(100_000, ge=1, description="participants of one API key")

    # Prediction log.
    flush_seconds: float = Field(1.0, gt=0)
    flush_records: int = Field(2000, ge=1)
    segment_bytes: int = Field(64 << 20, ge=1024)
    backlog_limit: int = Field(50_000, ge=1, description="records kept in memory while they cannot be written")

    # Shared by the replicas of a node.
    node_folder: Path | None = Field(None, description="folder for metrics and rate limits")
    metrics_port: int = Field(0, ge=0, le=65535, description="separate port for /metrics; 0: main port only")

    # Ray Serve.
    haproxy: bool = Field(True, description="HAProxy and throughput mode; false: Ray's proxy")
    min_replicas: int = Field(1, ge=1)
    max_replicas: int = Field(0, ge=0, description="0: one per CPU")
    max_ongoing_requests: int = Field(16, ge=1, description="per replica")
    max_queued_requests: int = Field(64, ge=-1, description="waiting for a replica; above it, 503; -1: no limit")
    downscale_delay: float = Field(60.0, ge=0, description="seconds of low load before a replica stops")

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """Split a comma-separated list."""
        return tuple(filter(None, (part.strip() for part in value.split(",")))) if isinstance(value, str) else value

    @property
    def shared_folder(self) -> Path:
        """`node_folder`, or a folder of this user in the temporary directory."""
        return self.node_folder or Path(tempfile.gettempdir()) / f"migraine-serving-{os.getuid()}"

    def address(self, port: int) -> str:
        """Return `host` and `port` as in a URL."""
        return f"[{self.host}]:{port}" if ":" in self.host else f"{self.host}:{port}"

    @property
    def loopback(self) -> bool:
        """Whether the service can be reached from this machine only."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def connections_per_client(self) -> int:
        """`max_client_connections`, or 0 if all connections come from the proxy in front."""
        return 0 if self.trust_forwarded else self.max_client_connections
