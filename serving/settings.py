"""The service's environment, typed: `SERVING_*` variables. Read when called, never at import.

Where state lives is `migraine_assets.settings` (`MIGRAINE_*`).
"""

import os
import tempfile
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class ServingSettings(BaseSettings):
    """All that an operator can set. Sizes in bytes, times in seconds; 0 switches a limit off where noted."""

    model_config = SettingsConfigDict(env_prefix="SERVING_", frozen=True, extra="ignore")

    # Where it listens.
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    docs: bool = True

    # Protection.
    api_keys_required: bool = False
    rate_limit: float = Field(0.0, ge=0, description="requests a second for each key or address; 0: no limit")
    rate_burst: int = Field(20, ge=1)
    max_body_bytes: int = Field(1 << 20, ge=1024, description="of one prediction, feedback and the like")
    max_batch_body_bytes: int = Field(64 << 20, ge=1024, description="of a batch")
    max_nesting: int = Field(16, ge=4)
    max_entries: int = Field(90, ge=1, description="days of one person")
    max_people: int = Field(1000, ge=1, description="people in a JSON batch")
    max_batch_rows: int = Field(200_000, ge=1, description="rows of an Arrow or Parquet batch")
    request_timeout: float = Field(30.0, gt=0)
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    trust_forwarded: bool = Field(False, description="believe X-Forwarded-For: only behind a proxy that sets it")
    secret: str | None = Field(None, repr=False, description="signs prediction ids; by default one kept in the store")

    # Models.
    poll_seconds: float = Field(1.0, gt=0, description="how often the pointer is looked at")
    least_history_days: int = Field(1, ge=0, description="known days below which the service abstains")

    # Prediction log.
    flush_seconds: float = Field(1.0, gt=0)
    flush_records: int = Field(2000, ge=1)
    segment_bytes: int = Field(64 << 20, ge=1024)
    backlog_limit: int = Field(50_000, ge=1, description="receipts kept in memory while the disk refuses them")

    # One node: what its replicas share.
    node_folder: Path | None = Field(None, description="metrics and rate limits of the replicas of this node")
    metrics_port: int = Field(0, ge=0, le=65535, description="the node's own /metrics; 0: only on the main port")

    # Ray Serve.
    haproxy: bool = Field(True, description="HAProxy and throughput mode; false: Ray's own proxy")
    min_replicas: int = Field(1, ge=1)
    max_replicas: int = Field(0, ge=0, description="0: one for each processor")
    max_ongoing_requests: int = Field(16, ge=1, description="in one replica")
    max_queued_requests: int = Field(64, ge=-1, description="waiting for a replica, beyond which 503; -1: no limit")
    downscale_delay: float = Field(60.0, ge=0, description="seconds of little load before a replica is let go")

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """`https://a.example,https://b.example`."""
        return tuple(filter(None, (part.strip() for part in value.split(",")))) if isinstance(value, str) else value

    @property
    def shared_folder(self) -> Path:
        """`node_folder`, or one of this user in the temporary folder."""
        return self.node_folder or Path(tempfile.gettempdir()) / f"migraine-serving-{os.getuid()}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        return self.host in LOOPBACK
