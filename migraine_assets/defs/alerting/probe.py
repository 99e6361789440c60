"""What every look for something wrong is given, and what it gives back.

Not here: the looks themselves (one module for each place that is looked at), and the sensors (`sensors`).
"""

import datetime as dt
import urllib.request
from collections.abc import Callable, Collection
from dataclasses import dataclass
from http.client import HTTPException
from urllib.parse import quote

import dagster as dg

from migraine_assets.core.alerts.service_metrics import Reading, Series
from migraine_assets.errors import ConfigurationError, StoreError
from migraine_assets.settings import Settings
from migraine_assets.stores.alerts.notifier import Notifier, Observation
from migraine_assets.stores.store import Store

SECONDS, MOST_BYTES = 5.0, 8_000_000


def scrape(url: str, *, wanted: Collection[str], now: dt.datetime) -> Reading:
    """The `wanted` samples of the service at `url`. Raises `StoreError` where it does not answer as it should."""
    from prometheus_client.parser import text_string_to_metric_families

    address = f"{url.rstrip('/').removesuffix('/metrics')}/metrics"
    if not address.startswith(("http://", "https://")):
        raise ConfigurationError(f"MIGRAINE_SERVICE_URL is '{url}'; it must begin with http:// or https://.")
    try:
        with urllib.request.urlopen(address, timeout=SECONDS) as answer:
            text = answer.read(MOST_BYTES).decode()
        families = list(text_string_to_metric_families(text))
    except (OSError, HTTPException, ValueError) as error:
        raise StoreError(f"The service at {address} gave no metrics: {error}.") from error
    samples = (sample for family in families for sample in family.samples if sample.name in wanted)
    values: dict[Series, float] = {(one.name, tuple(sorted(one.labels.items()))): one.value for one in samples}
    return Reading(now, values)


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
