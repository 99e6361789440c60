"""`migraine alerts` shows deliveries, open alerts and undelivered messages, and reveals no secret."""

import datetime as dt
from pathlib import Path

import msgspec

from migraine_assets.cli.documents.operation import ChannelsDocument
from migraine_assets.core.alerts.kinds import alert
from migraine_assets.stores.alerts.channels import channels
from migraine_assets.stores.alerts.notifier import Notifier, Observation
from migraine_assets_tests.support.homes import Home
from migraine_assets_tests.support.receivers import mail_server, webhook

DRIFT = alert("drift_detected", "attack", "sleep_hours moved.", since=dt.datetime.now(dt.UTC), model="xgboost 0123")


def report(home: Home, urls: str, *observations: Observation) -> None:
    for observation in observations:
        Notifier(home.store, home.root, channels(urls)).report(observation, now=dt.datetime.now(dt.UTC))


def test_a_test_message_reaches_a_webhook_and_a_mailbox(home: Home, tmp_path: Path) -> None:
    with webhook() as receiver, mail_server(tmp_path, password="letter-box-9") as box:
        mail = f"mailtos://alerts:letter-box-9@127.0.0.1:{box.port}?from=a@example.org&to=b@example.org"
        extra = {"MIGRAINE_ALERT_URLS": f"{receiver.url}, {mail}", "SSL_CERT_FILE": str(box.certificate)}
        done = home.process("alerts", "test", extra=extra)
    assert done.code == 0, done.text
    assert done.text.count("delivered") == 2
    assert receiver.titles == ["Test: migraine alerts test (warning)"]
    assert len(box.letters) == 1
    assert "letter-box-9" not in done.text
    assert "very-secret-token" not in done.text


def test_a_channel_that_rejects_the_message_is_named_with_the_reason(home: Home) -> None:
    with webhook() as good, webhook() as bad:
        bad.status = 500
        extra = {"MIGRAINE_ALERT_URLS": f"{good.url} {bad.url} nonsense://x"}
        done = home.migraine("alerts", "test", "--json", extra=extra)
    lines = msgspec.json.decode(done.out, type=ChannelsDocument).channels
    assert [line.result for line in lines] == ["delivered", "failed", "failed"]
    assert done.code == 2
    assert "2 of 3 channels rejected the message" in done.text
    assert "error=500" in done.text
    assert "does not accept this URL" in done.text
    assert len(good.accepted) == 1
    assert "very-secret-token" not in done.text


def test_without_a_channel_the_error_explains_how_to_configure_one(home: Home) -> None:
    done = home.migraine("alerts", "test")
    assert done.code == 2
    assert "Set MIGRAINE_ALERT_URLS" in done.text


def test_the_list_of_an_empty_home_is_empty_and_writes_nothing(home: Home) -> None:
    before = sorted(home.root.rglob("*"))
    done = home.migraine("alerts", "list")
    assert done.code == 0, done.text
    assert "No alert is open." in done.text
    assert "No undelivered messages." in done.text
    assert sorted(home.root.rglob("*")) == before


def test_the_list_shows_open_folded_resolved_and_undelivered(home: Home) -> None:
    with webhook() as receiver:
        receiver.status = 500
        full = alert("disk_nearly_full", "disk 8:1", "2 GB are free.", since=dt.datetime.now(dt.UTC))
        failed = alert("run_failed", "retrain", "It failed.", since=DRIFT.since, happened=DRIFT.since)
        report(home, receiver.url, Observation((DRIFT, full, failed)), Observation((DRIFT,)), Observation((DRIFT,)))
        over = Observation(complete=frozenset({"run_failed"}))
        report(home, receiver.url, over)
        done = home.migraine("alerts", "list", extra={"MIGRAINE_ALERT_URLS": receiver.url})
    text = done.text
    open_part, resolved_part, undelivered = (
        text.index("Open alerts"), text.index("Resolved in the last 7 days"), text.index("Undelivered")
    )  # fmt: skip
    assert open_part < text.index("drift_detected") < resolved_part < text.index("run_failed") < undelivered
    assert "xgboost 0123" in text
    assert "error=500" in text
    assert "json://127.0.0.1" in text
    assert "very-secret-token" not in text


def test_an_alert_of_a_single_event_can_be_closed_and_channels_are_notified(home: Home) -> None:
    failed = alert("run_failed", "retrain", "It failed.", since=DRIFT.since, happened=DRIFT.since)
    with webhook() as receiver:
        extra = {"MIGRAINE_ALERT_URLS": receiver.url}
        report(home, receiver.url, Observation((failed,)))
        done = home.migraine("alerts", "close", "run_failed", "retrain", extra=extra)
        assert done.code == 0, done.text
        assert receiver.titles == ["Run failed: retrain (error)", "Resolved: Run failed: retrain"]
        again = home.migraine("alerts", "close", "run_failed", "retrain", extra=extra)
    assert again.code == 2
    assert "No alert run_failed 'retrain' is open. Open alerts: none." in again.text


def test_an_alert_that_is_re_evaluated_cannot_be_closed(home: Home) -> None:
    report(home, "", Observation((DRIFT,)))
    done = home.migraine("alerts", "close", "drift_detected", "attack")
    assert done.code == 2
    assert "closes on its own once its condition clears" in done.text
    wrong = home.migraine("alerts", "close", "drift_detected", "severity")
    assert "Open alerts: drift_detected 'attack'." in wrong.text
