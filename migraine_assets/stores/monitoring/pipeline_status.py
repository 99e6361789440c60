"""How the automation goes, published through the store for the service's `/metrics`: `monitoring/operations.json`.

Here belong its place and form. Not here: what the monitoring found about models (`stores.monitoring.gauges`), and
reading Dagster (`defs.operations`).

Moments instead of counts: taking the later of two is right however often it is done, so that neither a run deleted
from Dagster nor a publisher that was killed makes a figure wrong. A moment is in seconds since 1970; 0.0 is never.
"""

import msgspec

from migraine_assets.errors import StoreError
from migraine_assets.stores.store import Store

PATH = "monitoring/operations.json"


class JobFigures(msgspec.Struct, frozen=True):
    """One Dagster job: when a run of it last ended well and badly, and how long (seconds) the last good one took."""

    last_success: float = 0.0
    last_failure: float = 0.0
    last_duration: float = 0.0
    queued: int = 0
    running: int = 0


class TickFigures(msgspec.Struct, frozen=True):
    """One sensor or schedule that is switched on. `interval`: seconds between evaluations; 0 for a schedule."""

    kind: str
    interval: float = 0.0
    last_success: float = 0.0
    last_failure: float = 0.0


class Verdict(msgspec.Struct, frozen=True):
    """What the newest monitoring result of a kind says of a task. `day`: the last of its window, ISO."""

    status: str
    day: str


class Operations(msgspec.Struct, frozen=True):
    """`jobs` and `ticks` by name, `verdicts` by kind of result and task."""

    published_at: float
    jobs: dict[str, JobFigures] = {}
    ticks: dict[str, TickFigures] = {}
    verdicts: dict[str, dict[str, Verdict]] = {}


def read_operations(store: Store) -> Operations | None:
    """What was published; None where there is nothing, or nothing that can be believed."""
    try:
        return msgspec.json.decode(store.read(PATH), type=Operations) if store.exists(PATH) else None
    except (StoreError, OSError, msgspec.DecodeError):
        return None


def write_operations(store: Store, operations: Operations) -> None:
    """Replace what was published, whole or not at all."""
    store.write(PATH, msgspec.json.format(msgspec.json.encode(operations), indent=1))
