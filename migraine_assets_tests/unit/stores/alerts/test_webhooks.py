"""Webhooks against a real receiver: signature, retries over its death, private addresses, and what is not sent."""

import base64
import datetime as dt
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from migraine_assets.core.alerts.above_usual import AboveUsual, messages
from migraine_assets.errors import ConfigurationError, StoreError
from migraine_assets.stores.alerts import outbox
from migraine_assets.stores.alerts.channels import channels
from migraine_assets.stores.alerts.erasure import erase_queued, queued_about
from migraine_assets.stores.alerts.notifier import Notifier
from migraine_assets.stores.alerts.webhooks import NamesOf, signature, webhooks
from migraine_assets.stores.store import Store
from migraine_assets_tests.support.ports import free_port
from migraine_assets_tests.support.receivers import webhook as alert_receiver

NOW = dt.datetime(2026, 3, 1, 2, 30, tzinfo=dt.UTC)
KEY = b"0123456789abcdef0123456789abcdef"
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
CODE = (Path(__file__).parents[4] / "docs" / "webhooks.md").read_text().split("```python")[1].split("```")[0]
NAMES = {"f" * 32: "anna", "e" * 32: "bert"}


@dataclass
class Receiver:
    """The requests to a receiver: headers in lower case, and the body as it was sent."""

    port: int
    status: int = 204
    location: str = ""
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks/app"


@contextmanager
def listening(receiver: Receiver) -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(receiver.status)
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", receiver.port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def receiver() -> Receiver:
    return Receiver(free_port())


TODAY = NOW.date()


def forecast(pseudonym: str, *, day: dt.date = TODAY) -> AboveUsual:
    return AboveUsual(pseudonym, "id-1", day, 0.5, 0.2, 2.5, "much_higher")


def configured(receiver: Receiver, **more: object) -> str:
    return json.dumps({"app": {"url": receiver.url, "secret": SECRET, "private_addresses": True} | more})


def names_of(owner: str, pseudonyms: Sequence[str]) -> Mapping[str, str]:
    return {one: NAMES[one] for one in pseudonyms if one in NAMES and owner == "app"}


def notifier(folder: Path, text: str, *, names: NamesOf = names_of, alerts: str = "") -> Notifier:
    store = Store(str(folder / "store"))
    return Notifier(store, folder, channels(alerts), webhooks=webhooks(text), names=names)


def queue(sender: Notifier, *forecasts: AboveUsual) -> None:
    for message in messages(forecasts, simulated=False, made=NOW):
        outbox.add(sender.store, message, sender.webhooks, now=NOW)


def queued(sender: Notifier) -> str:
    return "".join(sender.store.read(f"{outbox.FOLDER}/{name}").decode() for name in sender.store.list(outbox.FOLDER))


def verified(request: tuple[dict[str, str], bytes], *, now: dt.datetime) -> dict[str, object]:
    """Verify a request at `now` with the code of docs/webhooks.md, and return its body."""
    headers, body = request
    names: dict[str, Any] = {}
    exec(CODE, names)
    names["time"] = SimpleNamespace(time=now.timestamp)
    assert names["verify"](headers, body, SECRET)
    assert not names["verify"](headers, body + b" ", SECRET)
    names["time"] = SimpleNamespace(time=lambda: now.timestamp() + 600)
    assert not names["verify"](headers, body, SECRET)
    return json.loads(body)


def test_the_signature_is_that_of_the_standard() -> None:
    """The example of https://docs.svix.com/receiving/verifying-payloads/how-manual, where the standard comes from."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_forecast_arrives_signed_with_the_name_that_the_app_gave(tmp_path: Path, receiver: Receiver) -> None:
    sender = notifier(tmp_path, configured(receiver))
    yesterday = forecast("e" * 32, day=TODAY - dt.timedelta(days=1))
    queue(sender, forecast("f" * 32), yesterday, forecast("0" * 32))
    assert not any(name in queued(sender) for name in (*NAMES.values(), receiver.url, SECRET))
    with listening(receiver):
        (attempt,) = sender.send_due(now=NOW)
    assert (attempt.problem, sender.store.list(outbox.FOLDER)) == ("", [])
    assert verified(receiver.received[0], now=NOW) == {
        "type": "forecast.above_usual",
        "timestamp": "2026-03-01T02:30:00Z",
        "data": {
            "forecasts": [
                {
                    "participant_id": "anna",
                    "prediction_id": "id-1",
                    "for_date": "2026-03-01",
                    "probability": 0.5,
                    "base_rate": 0.2,
                    "relative_to_usual": 2.5,
                    "level": "much_higher",
                }
            ],
            "simulated_model": False,
        },
    }
    assert "anna" not in (tmp_path / "alerts.log").read_text()


def test_a_receiver_that_was_dead_gets_the_same_message_later(tmp_path: Path, receiver: Receiver) -> None:
    text, times = configured(receiver), [NOW + dt.timedelta(seconds=seconds) for seconds in (0, 29, 31, 100)]
    queue(notifier(tmp_path, text), forecast("f" * 32))
    with listening(receiver):
        receiver.status = 500
        (first,) = notifier(tmp_path, text).send_due(now=times[0])
    assert "HTTP 500" in first.problem
    # Nobody listens, and it is too early; then it is due.
    assert notifier(tmp_path, text).send_due(now=times[1]) == ()
    (second,) = notifier(tmp_path, text).send_due(now=times[2])
    assert "Cannot connect" in second.problem
    assert str(receiver.port) not in second.problem
    receiver.status = 200
    with listening(receiver):
        (third,) = notifier(tmp_path, text).send_due(now=times[3])
        assert notifier(tmp_path, text).send_due(now=times[3]) == ()
    assert third.problem == ""
    (one, _), (two, _) = receiver.received
    assert one["webhook-id"] == two["webhook-id"]
    assert verified(receiver.received[1], now=times[3]) == json.loads(receiver.received[0][1])


def test_webhooks_get_no_alerts_and_alert_channels_no_forecasts(tmp_path: Path, receiver: Receiver) -> None:
    with listening(receiver), alert_receiver() as chat:
        sender = notifier(tmp_path, configured(receiver), alerts=chat.url)
        queue(sender, forecast("f" * 32))
        sender.send_due(now=NOW)
        assert (len(receiver.received), chat.received) == (1, [])


@pytest.mark.parametrize("location", ["", "http://127.0.0.1:9/elsewhere"])
def test_private_addresses_and_redirects_are_refused(tmp_path: Path, receiver: Receiver, location: str) -> None:
    receiver.status, receiver.location = (307, location) if location else (200, "")
    sender = notifier(tmp_path, configured(receiver, private_addresses=bool(location)))
    queue(sender, forecast("f" * 32))
    with listening(receiver):
        (attempt,) = sender.send_due(now=NOW)
    assert ("HTTP 307" if location else "address of a private network") in attempt.problem
    assert len(receiver.received) == bool(location)


def test_without_names_a_message_stays_queued(tmp_path: Path, receiver: Receiver) -> None:
    def unavailable(_owner: str, _pseudonyms: Sequence[str]) -> Mapping[str, str]:
        raise StoreError("The database does not answer.")

    sender = notifier(tmp_path, configured(receiver), names=unavailable)
    queue(sender, forecast("f" * 32))
    (attempt,) = sender.send_due(now=NOW)
    assert "does not answer" in attempt.problem
    assert len(sender.store.list(outbox.FOLDER)) == 1


def test_an_erased_participant_is_not_sent(tmp_path: Path, receiver: Receiver) -> None:
    sender = notifier(tmp_path, configured(receiver))
    queue(sender, forecast("f" * 32), forecast("e" * 32))
    assert list(queued_about(sender.store, "f" * 32).values()) == [1]
    erase_queued(sender.store, tmp_path, "f" * 32)
    assert "f" * 32 not in queued(sender)
    with listening(receiver):
        sender.send_due(now=NOW)
    assert [one["participant_id"] for one in json.loads(receiver.received[0][1])["data"]["forecasts"]] == ["bert"]


def test_many_forecasts_are_several_messages(tmp_path: Path, receiver: Receiver) -> None:
    sender = notifier(tmp_path, configured(receiver), names=lambda _, keys: {key: key for key in keys})
    queue(sender, *(forecast(f"{k:032x}") for k in range(250)))
    with listening(receiver):
        sender.send_due(now=NOW)
    counts = [len(json.loads(body)["data"]["forecasts"]) for _, body in receiver.received]
    assert counts == [100, 100, 50]
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 3
    assert max(len(body) for _, body in receiver.received) < 25_000


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("whsec_x", "not a JSON object"),
        ('{"app": {"url": "https://a.example"}}', "required field `secret`"),
        ('{"app": {"url": "ftp://a.example", "secret": "whsec_x"}}', "no address with http"),
        ('{"app": {"url": "https://a.example", "secret": "c2hvcnQ="}}', "24 to 64 bytes"),
        ('{"app": {"url": "https://a.example", "secret": "whsec_c2hvcnQ="}}', "24 to 64 bytes"),
    ],
)
def test_a_wrong_configuration_is_explained_without_its_secrets(text: str, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem) as error:
        webhooks(text)
    assert "a.example" not in str(error.value)
    assert "c2hvcnQ" not in str(error.value)
