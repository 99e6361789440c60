"""The service's `/metrics`, fetched and parsed. Not here: what the figures mean (`core.monitoring.service_figures`)."""

import datetime as dt
import urllib.request
from collections.abc import Collection
from http.client import HTTPException

from migraine_assets.core.monitoring.service_figures import Reading, Series
from migraine_assets.errors import ConfigurationError, StoreError

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
