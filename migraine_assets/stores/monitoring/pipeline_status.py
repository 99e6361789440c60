"""The state of Dagster's jobs, sensors and schedules for the service's `/metrics`: `monitoring/operations.json`.

Here belong the file's path and format. Not here: the gauges of monitoring (`stores.monitoring.gauges`) and reading
Dagster (`defs.automation.status_sensor`).

The file holds times instead of counts. Taking the later of two times gives the same result however often it is
repeated, so a run that was deleted from Dagster or a publisher that was killed leaves no wrong value. Times are seconds
since 1970; 0.0 means never.
"""

import msgspec

from migraine_assets.errors import StoreError
from migraine_assets.stores.documents import UNREADABLE
from migraine_assets.stores.store import Store

PATH = "monitoring/operations.json"


class JobSummary(msgspec.Struct, frozen=True):
    """One Dagster job: when a run last succeeded and failed, how long (seconds) the last good run took, open runs."""

    last_success: float = 0.0
    last_failure: float = 0.0
    last_duration: float = 0.0
    queued: int = 0
    running: int = 0


class TickSummary(msgspec.Struct, frozen=True):
    """One sensor or schedule that is switched on. `interval`: seconds between evaluations; 0 for a schedule."""

    kind: str
    interval: float = 0.0
    last_success: float = 0.0
    last_failure: float = 0.0


class TaskVerdict(msgspec.Struct, frozen=True):
    """The verdict of the newest monitoring result on one task. `day`: the last day of its window, ISO format."""

    status: str
    day: str


class PipelineStatus(msgspec.Struct, frozen=True):
    """`jobs` and `ticks` by name, `verdicts` by kind of result and task."""

    published_at: float
    jobs: dict[str, JobSummary] = {}
    ticks: dict[str, TickSummary] = {}
    verdicts: dict[str, dict[str, TaskVerdict]] = {}


def read_pipeline_status(store: Store) -> PipelineStatus | None:
    """The published status; None if there is none or the file is invalid."""
    try:
        return msgspec.json.decode(store.read(PATH), type=PipelineStatus) if store.exists(PATH) else None
    except (StoreError, OSError, *UNREADABLE):
        return None


def write_pipeline_status(store: Store, status: PipelineStatus) -> None:
    """Replace the published status atomically."""
    store.write(PATH, msgspec.json.format(msgspec.json.encode(status), indent=1))
