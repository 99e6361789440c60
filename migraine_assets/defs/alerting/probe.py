"""The interface of probes, which evaluate conditions to alert on: their context, their result, and scraping a service.

Not here: the probes themselves (one module per subject), the sensors that run them (`defs.alerting.sensors`).
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

TIMEOUT_SECONDS, MOST_BYTES = 5.0, 8_000_000


def scrape(url: str, *, names: Collection[str], now: dt.datetime) -> Reading:
    """Return the samples called `names` of the service at `url`. Raises `StoreError` if it returns no metrics."""
    from prometheus_client.parser import text_string_to_metric_families

    address = f"{url.rstrip('/').removesuffix('/metrics')}/metrics"
    if not address.startswith(("http://", "https://")):
        raise ConfigurationError(f"MIGRAINE_SERVICE_URL is '{url}'; it must begin with http:// or https://.")
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS) as response:
            text = response.read(MOST_BYTES).decode()
        families = list(text_string_to_metric_families(text))
    except (OSError, HTTPException, ValueError) as error:
        raise StoreError(f"The service at {address} returned no metrics: {error}.") from error
    samples = (sample for family in families for sample in family.samples if sample.name in names)
    values: dict[Series, float] = {(one.name, tuple(sorted(one.labels.items()))): one.value for one in samples}
    return Reading(now, values)


@dataclass(frozen=True)
class ProbeContext:
    """The context of a probe. `cursor`: stored by the last evaluation for this one. It can be lost."""

    store: Store
    settings: Settings
    instance: dg.DagsterInstance
    now: dt.datetime
    cursor: str = ""
    repository: dg.RepositoryDefinition | None = None

    def link(self, path: str) -> str:
        """Return the URL of a page of the Dagster UI; empty if `MIGRAINE_PUBLIC_URL` is not set."""
        base = self.settings.public_url
        return f"{base.rstrip('/')}/{quote(path, safe='/?=&')}" if base else ""


@dataclass(frozen=True)
class ProbeResult:
    """The observation, a sentence for the sensor's page, and the cursor for the next evaluation."""

    observation: Observation
    sentence: str
    cursor: str = ""


Probe = Callable[[ProbeContext, Notifier], ProbeResult]
