"""`migraine alerts test`, `list` and `close`.

Not here: channels and open alerts (`stores.alerts`), raising alerts (`defs.alerting`).
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from migraine_assets.cli.console import AsJson, local_time, print_json, say, say_path, show
from migraine_assets.cli.documents.operation import (
    AlertLine,
    AlertsDocument,
    ChannelLine,
    ChannelsDocument,
    UndeliveredLine,
)
from migraine_assets.cli.home import writable_settings
from migraine_assets.core.alerts.kinds import Ended, alert
from migraine_assets.core.alerts.lifecycle import AlertState, on_sighting
from migraine_assets.core.alerts.message import Message, lasted, message
from migraine_assets.errors import ConfigurationError
from migraine_assets.settings import Settings
from migraine_assets.stores.alerts.channels import channels
from migraine_assets.stores.alerts.log import NAME
from migraine_assets.stores.alerts.notifier import Notifier, Observation
from migraine_assets.stores.alerts.open_alerts import all_states
from migraine_assets.stores.alerts.outbox import QueuedMessage, queued_messages
from migraine_assets.stores.alerts.webhooks import webhooks
from migraine_assets.stores.store import Store

app = typer.Typer(help="Alerts and the channels that they are sent to.", no_args_is_help=True)

# How long `list` shows an alert after it was resolved.
RECENT = dt.timedelta(days=7)


@app.command("test")
def send_test(*, as_json: AsJson = False) -> None:
    """Send a test message to every alert channel and report the results."""
    notifier = _notifier(writable_settings())
    if not notifier.channels:
        raise ConfigurationError(
            "No channel is configured. Set MIGRAINE_ALERT_URLS, for example to "
            "'mailtos://USER:PASSWORD@mail.example.org?to=team@example.org', and see docs/alerts.md."
        )
    attempts = notifier.send_now(_test_message(dt.datetime.now(dt.UTC)))
    lines = [
        ChannelLine(channel=one.channel.label, result="failed" if one.problem else "delivered", reason=one.problem)
        for one in attempts
    ]
    if as_json:
        print_json(ChannelsDocument(channels=lines))
    else:
        rows = [(line.channel, line.result, line.reason) for line in lines]
        show("Test", ("channel", "result", "reason"), rows, text=("reason",))
    failed = sum(1 for one in attempts if one.problem)
    if failed:
        raise ConfigurationError(f"{failed} of {len(attempts)} channels rejected the message: see the table.")


@app.command("list")
def list_alerts(*, as_json: AsJson = False) -> None:
    """List open and recently resolved alerts, and undelivered messages."""
    settings, now = Settings(), dt.datetime.now(dt.UTC)
    store = Store(settings.store_location)
    known = all_states(store)
    document = AlertsDocument(
        open=[_line(one) for one in known if one.open],
        resolved=[_line(one) for one in known if one.resolved_at is not None and now - one.resolved_at < RECENT],
        undelivered=[line for message in queued_messages(store) for line in _undelivered(message)],
        channels=tuple(one.label for one in (*channels(settings.channel_urls), *webhooks(settings.webhook_endpoints))),
        log=str(settings.root / NAME),
    )
    print_json(document) if as_json else _show(document, now=now)


@app.command("close")
def close(
    kind: Annotated[str, typer.Argument(help="The kind of the alert, for example run_failed.")],
    key: Annotated[str, typer.Argument(help="The subject of the alert, as `migraine alerts list` shows it.")],
) -> None:
    """Close the alert of a failed run or check that will not be repeated."""
    notifier, now = _notifier(writable_settings()), dt.datetime.now(dt.UTC)
    open_alerts = {one.alert.identity: one.alert for one in all_states(notifier.store) if one.open}
    if (kind, key) not in open_alerts:
        names = "; ".join(f"{kind} '{key}'" for kind, key in open_alerts) or "none"
        raise ConfigurationError(f"No alert {kind} '{key}' is open. Open alerts: {names}.")
    if open_alerts[kind, key].happened is None:
        raise ConfigurationError(
            f"{kind} '{key}' is re-evaluated continuously and closes on its own once its condition clears."
        )
    notifier.report(Observation((Ended(kind, key, now),)), now=now)
    say(f"Closed {kind} '{key}' and notified the channels. A new event opens it again.")


def _notifier(settings: Settings) -> Notifier:
    store = Store(settings.store_location)

    def names(owner: str, pseudonyms: Sequence[str]) -> Mapping[str, str]:
        from migraine_assets.defs.forecast_webhooks import kept_names

        return kept_names(settings, store, owner, pseudonyms)

    receivers = channels(settings.channel_urls), webhooks(settings.webhook_endpoints)
    return Notifier(store, settings.root, receivers[0], webhooks=receivers[1], names=names)


def _test_message(now: dt.datetime) -> Message:
    text = "This is a test message: alerts of the migraine platform are delivered to this channel."
    update = on_sighting(None, alert("test", "migraine alerts test", text, since=now), now=now).update
    assert update is not None  # the first sighting of an alert always yields an update
    return message([update], now=now)


def _line(state: AlertState) -> AlertLine:
    return AlertLine(
        alert=state.alert.kind,
        subject=state.alert.key,
        severity=state.alert.severity,
        since=state.alert.since.isoformat(),
        resolved=state.resolved_at.isoformat() if state.resolved_at else None,
        seen=state.count,
        folded=state.folded,
        model=state.alert.model,
        description=state.alert.what,
    )


def _undelivered(message: QueuedMessage) -> Iterator[UndeliveredLine]:
    for key, pending in message.pending.items():
        yield UndeliveredLine(
            created=message.message.made.isoformat(),
            message=message.message.title,
            channel=message.labels.get(key, key),
            attempts=pending.attempts,
            next_attempt=None if pending.given_up else pending.due.isoformat(),
            reason=pending.problem,
        )


def _show(document: AlertsDocument, *, now: dt.datetime) -> None:
    _show_open(document.open, now=now)
    _show_resolved(document.resolved)
    _show_undelivered(document.undelivered)
    say(f"Channels  {', '.join(document.channels) or 'none (MIGRAINE_ALERT_URLS is not set)'}")
    say_path("Full log  ", Path(document.log))


def _show_open(alerts: Sequence[AlertLine], *, now: dt.datetime) -> None:
    if not alerts:
        say("No alert is open.")
        return
    rows = [
        (one.alert, one.severity, local_time(one.since), lasted(now - dt.datetime.fromisoformat(one.since)))
        + (f"{one.seen} ({one.folded})", one.subject, one.model, one.description)
        for one in alerts
    ]
    columns = ("alert", "severity", "since", "duration", "seen (folded)", "subject", "model", "description")
    show("Open alerts", columns, rows, below=columns[-3:])
    say("")


def _show_resolved(alerts: Sequence[AlertLine]) -> None:
    if alerts:
        rows = [
            (one.alert, one.severity, local_time(one.since), local_time(one.resolved or ""), str(one.seen), one.subject)
            for one in alerts
        ]
        columns = ("alert", "severity", "since", "resolved", "seen", "subject")
        show("Resolved in the last 7 days", columns, rows, right=("seen",), below=("subject",))
        say("")


def _show_undelivered(messages: Sequence[UndeliveredLine]) -> None:
    if not messages:
        say("No undelivered messages.")
        return
    rows = [
        (local_time(one.created), str(one.attempts))
        + (local_time(one.next_attempt) if one.next_attempt else "given up", one.channel, one.message, one.reason)
        for one in messages
    ]
    columns = ("created", "attempts", "next attempt", "channel", "message", "reason")
    show("Undelivered", columns, rows, right=("attempts",), below=columns[-3:])
    say("")
