"""What every look for something wrong is given, and what it gives back.

Not here: the looks themselves (one module for each place that is looked at), and the sensors (`sensors`).
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

import dagster as dg

from migraine_assets.settings import Settings
from migraine_assets.stores.filesystem import Store
from migraine_assets.stores.notifications.notifier import Notifier, Observation


@dataclass(frozen=True)
class Scene:
    """Where a look looks. `cursor`: what the last look left for this one; it can be lost."""

    store: Store
    settings: Settings
    instance: dg.DagsterInstance
    now: dt.datetime
    cursor: str = ""
    repository: dg.RepositoryDefinition | None = None

    def link(self, path: str) -> str:
        """A page of the Dagster UI; empty where nobody said where that is."""
        base = self.settings.public_url
        return f"{base.rstrip('/')}/{quote(path, safe='/?=&')}" if base else ""


@dataclass(frozen=True)
class Finding:
    """What was seen, in `sentence` for the sensor's page, and the cursor for the next look."""

    observation: Observation
    sentence: str
    cursor: str = ""


Look = Callable[[Scene, Notifier], Finding]
