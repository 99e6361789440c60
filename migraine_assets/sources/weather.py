"""Fetching of the weather of a place from Open-Meteo, as a file that can be joined to a diary.

Only the rounded place and the period leave this machine, and only after an explicit command. Not here: reading such a
file (`sources.importers.formats.open_meteo`), the command (`cli.commands.weather`).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.sources.files.limits import DEFAULT, MIB
from migraine_assets.sources.importers.json_values import as_mapping, load_json

if TYPE_CHECKING:
    import httpx

ARCHIVE = "https://archive-api.open-meteo.com/v1/archive"
VARIABLES = ("temperature_2m", "relative_humidity_2m", "pressure_msl")
# Within 0.1 degrees, about 10 km, weather differs little, and the home of a person is not disclosed.
DECIMALS = 1
_CONNECT_SECONDS, _SECONDS = 10.0, 60.0
_LARGEST = 64 * MIB
_LONGEST = dt.timedelta(days=366 * 20)


@dataclass(frozen=True)
class WeatherRequest:
    """A place in degrees, and the first and last day. Raises `ConfigurationError` for invalid values."""

    latitude: float
    longitude: float
    first: dt.date
    last: dt.date

    def __post_init__(self) -> None:
        """Check the place and the period."""
        # This is also true for NaN.
        if not (-90 <= self.latitude <= 90 and -180 <= self.longitude <= 180):
            raise ConfigurationError(
                f"{self.latitude}, {self.longitude} is not a place: the latitude must be from -90 to 90 degrees, "
                "and the longitude from -180 to 180 degrees."
            )
        if not dt.timedelta() <= self.last - self.first <= _LONGEST:
            raise ConfigurationError(f"The period from {self.first} to {self.last} is empty or longer than 20 years.")

    @property
    def sent(self) -> Mapping[str, str]:
        """The query of the request, which is all that the server receives. The first change needs the day before."""
        return {
            "latitude": f"{self.latitude:.{DECIMALS}f}",
            "longitude": f"{self.longitude:.{DECIMALS}f}",
            "start_date": (self.first - dt.timedelta(days=1)).isoformat(),
            "end_date": self.last.isoformat(),
            "hourly": ",".join(VARIABLES),
            "timezone": "auto",
        }


def fetch_weather(request: WeatherRequest, *, url: str = ARCHIVE, seconds: float = _SECONDS) -> bytes:
    """Return the response of Open-Meteo at `url`, after a check that it can be read.

    `seconds`: time limit without data from the server. Raises `ConfigurationError` for an unusable address, and
    `DataRefused` if the server does not respond, refuses the request, or responds with other content.
    """
    import httpx

    if urlsplit(url).scheme not in ("http", "https"):
        raise ConfigurationError(f"'{url}' is not an HTTP address. Write one such as {ARCHIVE}.")
    limits = httpx.Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS))
    try:
        with (
            httpx.Client(timeout=limits, headers={"User-Agent": "migraine-platform"}, trust_env=True) as client,
            client.stream("GET", url, params=dict(request.sent)) as response,
        ):
            content = _body(response)
    except httpx.TimeoutException as error:
        raise DataRefused(f"{url} did not answer within {seconds:g} s. Try again later.") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DataRefused(f"{url} cannot be reached: {error}. Check the address and the network.") from error
    _check(content, response.status_code, url)
    return content


def _body(response: "httpx.Response") -> bytes:
    parts: list[bytes] = []
    size = 0
    for part in response.iter_bytes():
        size += len(part)
        if size > _LARGEST:
            raise DataRefused(f"{response.url.host} responds with more than {_LARGEST // MIB} MiB. Request fewer days.")
        parts.append(part)
    return b"".join(parts)


def _check(content: bytes, status: int, url: str) -> None:
    # Readers need NumPy, which would slow down the start of every command.
    from migraine_assets.sources.importers.formats.open_meteo import OPEN_METEO_DOCUMENT

    if status == 429:
        raise DataRefused(f"{url} allows no more requests at the moment. Try again in an hour.")
    if status >= 300:
        reason = ""
        if content.lstrip().startswith(b"{"):
            reason = str(as_mapping(load_json(url, content, "answer")).get("reason") or "")[:300]
        raise DataRefused(f"{url} responds with status {status}{f': {reason}' if reason else ''}. Check the request.")
    if not OPEN_METEO_DOCUMENT.recognizes(content):
        raise DataRefused(f"{url} does not respond with weather of Open-Meteo. Check the address.")
    OPEN_METEO_DOCUMENT.read(url, content, DEFAULT)
