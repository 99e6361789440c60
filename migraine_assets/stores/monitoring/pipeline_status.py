"""The state of Dagster's jobs, sensors and schedules for the service's `/metrics`: `monitoring/operations.json`.

The file has times instead of counts, and the later of two times is kept. So no value becomes wrong if a run is deleted
from Dagster or the publisher is killed. Times are seconds since 1970; 0.0 means never. Not here: the values of
monitoring (`stores.monitoring.gauges`), reading Dagster (`defs.automation.status_sensor`).
"""

import msgspec

from migraine_assets.errors import StoreError
from migraine_assets.stores.documents import UNREADABLE
from migraine_assets.stores.store import Store

PATH = "monitoring/operations.json"


class JobSummary(msgspec.Struct, frozen=True):
    """One Dagster job.

    `last_success`, `last_failure`: end of the last run of this kind. `last_duration`: seconds of the last successful
    run.
    """

    last_success: float = 0.0
    last_failure: float = 0.0
    last_duration: float = 0.0
    queued: int = 0
    running: int = 0


class TickSummary(msgspec.Struct, frozen=True):
    """One sensor or schedule that is on. `interval`: seconds between evaluations; 0 for a schedule."""

    kind: str
    interval: float = 0.0
    last_success: float = 0.0
    last_failure: float = 0.0


class TaskVerdict(msgspec.Struct, frozen=True):
    """The verdict of the newest monitoring result of one task. `day`: last day of its window, ISO 8601."""

    status: str
    day: str


class PipelineStatus(msgspec.Struct, frozen=True):
    """The published status: `jobs` and `ticks` by name, `verdicts` by kind of result and task."""

    published_at: float
    jobs: dict[str, JobSummary] = {}
    ticks: dict[str, TickSummary] = {}
    verdicts: dict[str, dict[str, TaskVerdict]] = {}


def read_pipeline_status(store: Store) -> PipelineStatus | None:
    """Return the published status; None if there is none or the file is invalid."""
    try:
        return msgspec.json.decode(store.read(PATH), type=PipelineStatus) if store.exists(PATH) else None
    except (StoreError, OSError, *UNREADABLE):
        return None


def write_pipeline_status(store: Store, status: PipelineStatus) -> None:
    """Replace the published status atomically."""
    store.write(PATH, msgspec.json.format(msgspec.json.encode(status), indent=1))
