"""`migraine alerts test`, `list` and `close`."""

import datetime as dt
from collections.abc import Sequence

from migraine_assets.cli.console import say, show
from migraine_assets.core.alerts.kinds import Ended, alert
from migraine_assets.core.alerts.lifecycle import Standing, sighted
from migraine_assets.core.alerts.message import Message, lasted, message, moment
from migraine_assets.errors import ConfigurationError
from migraine_assets.settings import Settings
from migraine_assets.stores.alerts.channels import channels
from migraine_assets.stores.alerts.log import NAME
from migraine_assets.stores.alerts.notifier import Notifier, Observation
from migraine_assets.stores.alerts.open_alerts import all_known
from migraine_assets.stores.alerts.outbox import Waiting, waiting_messages
from migraine_assets.stores.store import Store

LATELY = dt.timedelta(days=7)


def test() -> None:
    """Send one message to every channel. Raises `ConfigurationError` where there is none, or one did not take it."""
    teller = _notifier(Settings())
    if not teller.channels:
        raise ConfigurationError(
            "No channel is configured. Set MIGRAINE_ALERT_URLS, for example to "
            "'mailtos://USER:PASSWORD@mail.example.org?to=team@example.org', and see docs/alerts.md."
        )
    attempts = teller.send_past_outbox(_trial(dt.datetime.now(dt.UTC)))
    rows = [(one.channel.label, "did not arrive" if one.problem else "arrived", one.problem) for one in attempts]
    show("Test", ("channel", "result", "why"), rows)
    lost = sum(1 for one in attempts if one.problem)
    if lost:
        raise ConfigurationError(f"{lost} of {len(attempts)} channels did not take the message: see the table.")


def list_alerts() -> None:
    """What is open, what was over lately, and which messages did not arrive."""
    settings, now = Settings(), dt.datetime.now(dt.UTC)
    store = Store(settings.store_location)
    known = all_known(store)
    _show_open([one for one in known if one.open], now=now)
    _show_over([one for one in known if one.over is not None and now - one.over < LATELY])
    _show_waiting(waiting_messages(store))
    labels = ", ".join(one.label for one in channels(settings.channel_urls))
    say(f"Channels: {labels or 'none (MIGRAINE_ALERT_URLS is not set)'}. All of it is in {settings.root / NAME}.")


def close(kind: str, key: str) -> None:
    """End an alert by hand. `ConfigurationError` where none such is open, or it ends by itself."""
    teller, now = _notifier(Settings()), dt.datetime.now(dt.UTC)
    found = {one.alert.identity: one.alert for one in all_known(teller.store) if one.open}
    if (kind, key) not in found:
        names = "; ".join(f"{kind} '{key}'" for kind, key in found) or "none"
        raise ConfigurationError(f"No alert {kind} '{key}' is open. Open are: {names}.")
    if found[kind, key].happened is None:
        raise ConfigurationError(f"{kind} '{key}' is looked at again and again, and is over when what it says is.")
    teller.report(Observation((Ended(kind, key, now),)), now=now)
    say(f"{kind} '{key}' is closed, and the channels are told. A new event opens it again.")


def _notifier(settings: Settings) -> Notifier:
    return Notifier(Store(settings.store_location), settings.root, channels(settings.channel_urls))


def _trial(now: dt.datetime) -> Message:
    what = "This is a test: nothing is wrong, and alerts of the migraine platform arrive here."
    notice = sighted(None, alert("test", "migraine alerts test", what, since=now), now=now).notice
    assert notice is not None  # what was never seen before is always told
    return message([notice], now=now)


def _show_open(standings: Sequence[Standing], *, now: dt.datetime) -> None:
    if not standings:
        say("No alert is open.")
        return
    rows = [
        (*_about(one), moment(one.alert.since), lasted(now - one.alert.since), str(one.count), str(one.folded))
        + (one.alert.model, one.alert.what)
        for one in standings
    ]
    columns = ("alert", "about", "severity", "since", "lasts", "seen", "folded", "model", "what")
    show("Open alerts", columns, rows, right=("seen", "folded"))


def _show_over(standings: Sequence[Standing]) -> None:
    if standings:
        rows = [
            (*_about(one), moment(one.alert.since), moment(one.over) if one.over else "", str(one.count))
            for one in standings
        ]
        columns = ("alert", "about", "severity", "since", "over", "seen")
        show("Over in the last 7 days", columns, rows, right=("seen",))


def _show_waiting(messages: Sequence[Waiting]) -> None:
    if not messages:
        say("No message waits for a channel.")
        return
    rows = [
        (moment(one.message.made), one.message.title, one.labels.get(key, key), str(pending.attempts))
        + ("given up" if pending.given_up else moment(pending.due), pending.problem)
        for one in messages
        for key, pending in one.pending.items()
    ]
    show("Undelivered", ("made", "message", "channel", "tried", "next", "why"), rows, right=("tried",))


def _about(standing: Standing) -> tuple[str, str, str]:
    return standing.alert.kind, standing.alert.key, standing.alert.severity
