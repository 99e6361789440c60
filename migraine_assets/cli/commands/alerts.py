"""`migraine alerts test`, `list` and `close`."""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated

import typer

from migraine_assets.cli.console import say, show
from migraine_assets.core.alerts.kinds import Ended, alert
from migraine_assets.core.alerts.lifecycle import AlertState, on_sighting
from migraine_assets.core.alerts.message import Message, lasted, message, moment
from migraine_assets.errors import ConfigurationError
from migraine_assets.settings import Settings
from migraine_assets.stores.alerts.channels import channels
from migraine_assets.stores.alerts.log import NAME
from migraine_assets.stores.alerts.notifier import Notifier, Observation
from migraine_assets.stores.alerts.open_alerts import all_states
from migraine_assets.stores.alerts.outbox import QueuedMessage, queued_messages
from migraine_assets.stores.store import Store

app = typer.Typer(help="Alerts and the channels that they are sent to.", no_args_is_help=True)

# How long `list` shows an alert after it was resolved.
RECENT = dt.timedelta(days=7)


@app.command("test")
def test() -> None:
    """Send a test message to every alert channel and report the results."""
    notifier = _notifier(Settings())
    if not notifier.channels:
        raise ConfigurationError(
            "No channel is configured. Set MIGRAINE_ALERT_URLS, for example to "
            "'mailtos://USER:PASSWORD@mail.example.org?to=team@example.org', and see docs/alerts.md."
        )
    attempts = notifier.send_now(_test_message(dt.datetime.now(dt.UTC)))
    rows = [(one.channel.label, "failed" if one.problem else "delivered", one.problem) for one in attempts]
    show("Test", ("channel", "result", "reason"), rows)
    failed = sum(1 for one in attempts if one.problem)
    if failed:
        raise ConfigurationError(f"{failed} of {len(attempts)} channels rejected the message: see the table.")


@app.command("list")
def list_alerts() -> None:
    """List open and recently resolved alerts, and undelivered messages."""
    settings, now = Settings(), dt.datetime.now(dt.UTC)
    store = Store(settings.store_location)
    known = all_states(store)
    _show_open([one for one in known if one.open], now=now)
    _show_resolved([one for one in known if one.resolved_at is not None and now - one.resolved_at < RECENT])
    _show_undelivered(queued_messages(store))
    labels = ", ".join(one.label for one in channels(settings.channel_urls))
    say(f"Channels: {labels or 'none (MIGRAINE_ALERT_URLS is not set)'}. Full log: {settings.root / NAME}.")


@app.command("close")
def close(
    kind: Annotated[str, typer.Argument(help="The kind of the alert, for example run_failed.")],
    key: Annotated[str, typer.Argument(help="The subject of the alert, as `migraine alerts list` shows it.")],
) -> None:
    """Close the alert of a failed run or check that will not be repeated."""
    notifier, now = _notifier(Settings()), dt.datetime.now(dt.UTC)
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
    return Notifier(Store(settings.store_location), settings.root, channels(settings.channel_urls))


def _test_message(now: dt.datetime) -> Message:
    text = "This is a test message: alerts of the migraine platform are delivered to this channel."
    update = on_sighting(None, alert("test", "migraine alerts test", text, since=now), now=now).update
    assert update is not None  # the first sighting of an alert always yields an update
    return message([update], now=now)


def _show_open(alerts: Sequence[AlertState], *, now: dt.datetime) -> None:
    if not alerts:
        say("No alert is open.")
        return
    rows = [
        (*_subject(one), moment(one.alert.since), lasted(now - one.alert.since), str(one.count), str(one.folded))
        + (one.alert.model, one.alert.what)
        for one in alerts
    ]
    columns = ("alert", "subject", "severity", "since", "duration", "seen", "folded", "model", "description")
    show("Open alerts", columns, rows, right=("seen", "folded"))


def _show_resolved(alerts: Sequence[AlertState]) -> None:
    if alerts:
        rows = [
            (
                *_subject(one),
                moment(one.alert.since),
                moment(one.resolved_at) if one.resolved_at else "",
                str(one.count),
            )
            for one in alerts
        ]
        columns = ("alert", "subject", "severity", "since", "resolved", "seen")
        show("Resolved in the last 7 days", columns, rows, right=("seen",))


def _show_undelivered(messages: Sequence[QueuedMessage]) -> None:
    if not messages:
        say("No undelivered messages.")
        return
    rows = [
        (moment(one.message.made), one.message.title, one.labels.get(key, key), str(pending.attempts))
        + ("given up" if pending.given_up else moment(pending.due), pending.problem)
        for one in messages
        for key, pending in one.pending.items()
    ]
    columns = ("created", "message", "channel", "attempts", "next attempt", "reason")
    show("Undelivered", columns, rows, right=("attempts",))


def _subject(state: AlertState) -> tuple[str, str, str]:
    return state.alert.kind, state.alert.key, state.alert.severity
