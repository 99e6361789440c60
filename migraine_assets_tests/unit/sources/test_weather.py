"""The weather is fetched from a server on loopback that responds like Open-Meteo."""

import datetime as dt
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest

from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.sources.weather import VARIABLES, WeatherRequest, fetch_weather

REQUEST = WeatherRequest(47.3769, 8.5417, dt.date(2024, 1, 15), dt.date(2024, 1, 16))


@dataclass
class Service:
    """A replacement of Open-Meteo. `queries`: the received queries. `headers`: the received headers."""

    url: str = ""
    status: int = 200
    body: bytes | None = None
    delay: float = 0.0
    queries: list[dict[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


def answer(query: dict[str, str]) -> bytes:
    first, last = (dt.date.fromisoformat(query[key]) for key in ("start_date", "end_date"))
    hours = 24 * ((last - first).days + 1)
    times = [(dt.datetime.combine(first, dt.time()) + dt.timedelta(hours=h)).isoformat()[:16] for h in range(hours)]
    series = {
        name: [base + hour // 24 for hour in range(hours)] for name, base in zip(VARIABLES, (3, 50, 1000), strict=True)
    }
    return json.dumps({
        "latitude": float(query["latitude"]), "longitude": float(query["longitude"]), "timezone": "Europe/Zurich",
        "hourly_units": {"temperature_2m": "°C"}, "hourly": {"time": times, **series},
    }).encode()  # fmt: skip


@contextmanager
def open_meteo() -> Iterator[Service]:
    """Serve the replacement on loopback."""
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
            service.queries.append(query)
            service.headers.append(dict(self.headers))
            time.sleep(service.delay)
            body = answer(query) if service.body is None else service.body
            self.send_response(service.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service.url = f"http://127.0.0.1:{server.server_address[1]}/v1/archive"
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield service
        finally:
            server.shutdown()


def test_the_rounded_place_and_the_period_are_all_that_is_sent() -> None:
    with open_meteo() as service:
        content = fetch_weather(REQUEST, url=service.url)
    assert service.queries == [dict(REQUEST.sent)]
    assert (service.queries[0]["latitude"], service.queries[0]["longitude"]) == ("47.4", "8.5")
    # With the day before the first, for the change of temperature.
    assert (service.queries[0]["start_date"], service.queries[0]["end_date"]) == ("2024-01-14", "2024-01-16")
    assert set(service.headers[0]) <= {"Host", "Accept", "Accept-Encoding", "Connection", "User-Agent"}
    assert json.loads(content)["hourly"]["pressure_msl"][0] == 1000


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (400, b'{"error": true, "reason": "Parameter out of range"}', "status 400: Parameter out of range"),
        (429, b"{}", "allows no more requests"),
        (500, b"<html>", "status 500"),
        (302, b"", "status 302"),
        (200, b"<html>hello</html>", "does not respond with weather"),
        (200, b'{"latitude": 1, "hourly_units": {}, "hourly": {"time": []', "damaged"),
    ],
)
def test_other_answers_are_refused(status: int, body: bytes, reason: str) -> None:
    with open_meteo() as service:
        service.status, service.body = status, body
        with pytest.raises(DataRefused, match=reason):
            fetch_weather(REQUEST, url=service.url)


def test_a_silent_or_missing_server_is_an_error() -> None:
    with open_meteo() as service:
        service.delay = 1.0
        with pytest.raises(DataRefused, match="did not answer within"):
            fetch_weather(REQUEST, url=service.url, seconds=0.1)
        url = service.url
    with pytest.raises(DataRefused, match="cannot be reached"):
        fetch_weather(REQUEST, url=url)
    with pytest.raises(ConfigurationError, match="not an HTTP address"):
        fetch_weather(REQUEST, url="file:///etc/passwd")


@pytest.mark.parametrize(
    ("place", "days"),
    [((91, 0), (15, 16)), ((0, 181), (15, 16)), ((float("nan"), 0), (15, 16)), ((47, 8), (16, 15))],
)
def test_impossible_requests_are_refused(place: tuple[float, float], days: tuple[int, int]) -> None:
    first, last = (dt.date(2024, 1, day) for day in days)
    with pytest.raises(ConfigurationError, match=r"not a place|is empty"):
        WeatherRequest(*place, first, last)
