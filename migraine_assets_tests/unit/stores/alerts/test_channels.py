"""Channels send through real servers on loopback, and never show a secret."""

import datetime as dt
import json
import logging
from pathlib import Path

import pytest

from migraine_assets.core.alerts.message import Message
from migraine_assets.stores.alerts.channels import INVALID_URL, Channel, SendResult, channels, send, without_secrets
from migraine_assets_tests.support.receivers import mail_server, webhook

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
MESSAGE = Message("Drift detected: attack (error)", "sleep_hours moved.\nSince then.", "error", good=False, made=NOW)
SLACK = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


def one(url: str) -> Channel:
    (channel,) = channels(url)
    return channel


def test_urls_are_separated_by_commas_or_spaces_but_not_within_a_url() -> None:
    urls = f"mailtos://u:p@mail.example.org?to=a@example.org,b@example.org, {SLACK}  json://127.0.0.1:1/x,\n{SLACK}"
    assert [channel.url for channel in channels(urls)] == [
        "mailtos://u:p@mail.example.org?to=a@example.org,b@example.org",
        SLACK,
        "json://127.0.0.1:1/x",
    ]
    assert channels("  ") == ()


@pytest.mark.parametrize("url", ["slack", "nonsense://a/b", "slack://too-short"])
def test_an_invalid_url_is_reported_as_such(url: str) -> None:
    assert send(one(url), MESSAGE) == SendResult(False, INVALID_URL)


def test_neither_label_nor_repr_of_a_channel_shows_a_secret() -> None:
    for url in (
        SLACK,
        "mailtos://user:hunter22@mail.example.org?to=a@b.org",
        "json://h.example.org/path-token?k=key12",
    ):
        channel = one(url)
        for secret in ("T1JJ3T3L2", "A1BRTD4JD", "TIiajkdnl", "hunter22", "path-token", "key12"):
            assert secret not in repr(channel)
            assert secret not in channel.label
    assert one("mailtos://user:hunter22@mail.example.org").label.startswith("mailtos://mail.example.org [")


def test_two_channels_of_one_kind_can_be_told_apart() -> None:
    assert one(SLACK).label != one(SLACK + "x").label


def test_a_webhook_gets_title_text_and_severity() -> None:
    with webhook() as receiver:
        assert send(one(receiver.url), MESSAGE).delivered
        (received,) = receiver.accepted
    assert received["title"] == MESSAGE.title
    assert received["message"] == MESSAGE.body
    assert received["type"] == "failure"


def test_good_news_is_sent_as_success_and_a_late_message_names_its_time() -> None:
    good = Message("over", "It is over.", "error", good=True, made=NOW)
    with webhook() as receiver:
        assert send(one(receiver.url), good, late=True).delivered
        assert receiver.accepted[0]["type"] == "success"
        assert receiver.accepted[0]["message"].endswith("(Sent late: this message is from 2026-03-01 12:00 UTC.)")


def test_a_response_of_500_is_a_failure_whose_reason_holds_no_secret(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with webhook() as receiver, caplog.at_level(logging.DEBUG):
        receiver.status = 500
        result = send(one(receiver.url), MESSAGE)
    assert not result.delivered
    assert "500" in result.problem
    output = "".join(capfd.readouterr())
    for text in (result.problem, caplog.text, output):
        assert "very-secret-token" not in text


def test_an_unreachable_receiver_is_reported_and_not_raised() -> None:
    with webhook() as receiver:
        url = receiver.url
    result = send(one(url), MESSAGE)
    assert not result.delivered
    assert result.problem


def test_an_e_mail_is_sent_over_tls_to_a_server_with_a_trusted_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mail_server(tmp_path, password="letter-box-9") as box:
        url = f"mailtos://alerts:letter-box-9@127.0.0.1:{box.port}?from=a@example.org&to=b@example.org,c@example.org"
        refused = send(one(url), MESSAGE)
        assert not refused.delivered, "an untrusted certificate was accepted"
        assert "letter-box-9" not in refused.problem
        assert box.letters == []
        monkeypatch.setenv("SSL_CERT_FILE", str(box.certificate))
        assert send(one(url), MESSAGE) == send(one(url), MESSAGE)
        assert {receiver for _, receivers, _ in box.letters for receiver in receivers} == {
            "b@example.org",
            "c@example.org",
        }
    assert "Subject: Drift detected: attack (error)" in box.letters[0][2]
    assert "sleep_hours moved." in box.letters[0][2]


def test_a_wrong_password_is_reported_without_the_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with mail_server(tmp_path, password="letter-box-9") as box:
        monkeypatch.setenv("SSL_CERT_FILE", str(box.certificate))
        result = send(one(f"mailtos://alerts:wrong-word-7@127.0.0.1:{box.port}?from=a@b.org&to=c@d.org"), MESSAGE)
    assert not result.delivered
    assert "wrong-word-7" not in result.problem
    assert box.letters == []


def test_a_slack_webhook_gets_a_message_in_the_format_of_slack(monkeypatch: pytest.MonkeyPatch) -> None:
    """Apprise's Slack channel with the address of a receiver on loopback."""
    from apprise.plugins.slack import NotifySlack

    assert NotifySlack.webhook_url == "https://hooks.slack.com/services"
    with webhook() as receiver:
        monkeypatch.setattr(NotifySlack, "webhook_url", receiver.url.replace("json://", "http://"))
        result = send(one(SLACK), MESSAGE)
        (received,) = receiver.received
    assert result.problem == ""
    (attachment,) = received["attachments"]
    assert "Drift detected: attack (error)" in json.dumps(received)
    assert "sleep_hours moved." in attachment["text"]
    assert attachment["color"].startswith("#")


def test_parts_of_a_url_are_masked_wherever_they_appear() -> None:
    text = without_secrets(f"POST {SLACK} failed for TIiajkdnlazkcOXrIdevi7FQ", SLACK)
    assert "TIiajkdnl" not in text
    assert without_secrets("mail.example.org refused user%40x", "mailtos://user%40x:pw@mail.example.org").startswith(
        "mail.example.org"
    )
    assert json.dumps(text)
