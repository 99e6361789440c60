"""Channels of alerts, each an Apprise URL (Slack, e-mail, Teams, PagerDuty and many more).

This module parses the list of URLs, labels channels without their secrets, and sends single messages. Apprise is
imported when a message is sent. Not here: the wording (`core.alerts.message`), retries (`core.alerts.retry`), queued
messages (`stores.alerts.outbox`).
"""

import hashlib
import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from migraine_assets.core.alerts.message import Message, moment

if TYPE_CHECKING:
    from apprise import NotifyType

# Separators before the next `schema://`, so that a URL can contain them (`?to=a@x.org,b@x.org`).
_BETWEEN = re.compile(r"[\s,;]+(?=[A-Za-z][A-Za-z0-9+.-]*://)")
_PIECES = re.compile(r"[/:@?&=#,;+ ]+")
# Schemas with a host that is not secret. In other URLs, the "host" can be the token.
_WITH_HOST = {"mailto", "mailtos", "json", "jsons", "xml", "xmls", "form", "forms"}
_LEAST_SECRET = 5
INVALID_URL = "Apprise does not accept this URL. Its documentation shows the format for each kind of channel."


@dataclass(frozen=True)
class Channel:
    """One receiver. `id`: a hash of the URL. `label`: a description that, unlike the URL, contains no secret."""

    id: str
    label: str
    url: str = field(repr=False)


@dataclass(frozen=True)
class SendResult:
    """The result of sending one message to one channel."""

    delivered: bool
    problem: str = ""


def channels(urls: str) -> tuple[Channel, ...]:
    """Return the distinct channels of a list of URLs, separated by commas or spaces."""
    parts = [part.strip(" \t\r\n,;") for part in _BETWEEN.split(urls.strip())]
    return tuple(_channel(url) for url in dict.fromkeys(filter(None, parts)))


def send(channel: Channel, message: Message, *, late: bool = False) -> SendResult:
    """Send a message. Never raises, because an alert must not break the process that it reports on."""
    body = f"{message.body}\n\n(Sent late: this message is from {moment(message.made)}.)" if late else message.body
    with _captured_logs() as reasons:
        import apprise

        try:
            sender = apprise.Apprise()
            if not sender.add(channel.url):
                return SendResult(False, INVALID_URL)
            result = sender.notify(body, message.title, _notify_type(message), body_format=apprise.NotifyFormat.TEXT)
            delivered = bool(result)
        except Exception as error:  # noqa: BLE001 - a plugin of the library may raise anything
            reasons.append(f"{type(error).__name__}: {error}")
            delivered = False
    return (
        SendResult(True)
        if delivered
        else SendResult(False, without_secrets(" ".join(reasons), channel.url) or "No reason is known.")
    )


def without_secrets(text: str, url: str) -> str:
    """Mask every part of `url` in `text`, except short parts, the schema and a public host."""
    schema, _, rest = url.partition("://")
    host = urlsplit(url).hostname or "" if schema.lower() in _WITH_HOST else ""
    pieces = {piece for piece in _PIECES.split(rest) + _PIECES.split(unquote(rest)) if len(piece) >= _LEAST_SECRET}
    for piece in sorted(pieces, key=len, reverse=True):
        if piece.lower() not in host:
            text = text.replace(piece, "***")
    return text.replace(url, f"{schema}://***")


@cache
def _channel(url: str) -> Channel:
    # The hash is slow on purpose: ids appear in files and logs, and a weak password must not be easy to guess from
    # them.
    identity = hashlib.scrypt(url.encode(), salt=b"alert channel", n=2**12, r=8, p=1, dklen=4).hex()
    schema = url.partition("://")[0].lower() if "://" in url else ""
    return Channel(identity, f"{schema or 'unknown'}{_host(url, schema)} [{identity}]", url)


def _host(url: str, schema: str) -> str:
    if schema not in _WITH_HOST:
        return ""
    try:
        parts = urlsplit(url)
        return f"://{parts.hostname}:{parts.port}" if parts.port else f"://{parts.hostname}"
    except ValueError:
        return ""


def _notify_type(message: Message) -> "NotifyType":
    from apprise import NotifyType

    if message.good:
        return NotifyType.SUCCESS
    return NotifyType.WARNING if message.severity == "warning" else NotifyType.FAILURE


@contextmanager
def _captured_logs() -> Iterator[list[str]]:
    """Collect the reasons that Apprise logs in this block.

    Other handlers do not get these logs, because they contain parts of the URL.
    """
    reasons: list[str] = []
    handler = _ReasonHandler(reasons)
    with ExitStack() as stack, warnings.catch_warnings():
        # Apprise imports deprecated modules.
        warnings.simplefilter("ignore", DeprecationWarning)
        stack.enter_context(_isolated(logging.getLogger("apprise"), level=logging.DEBUG))
        stack.enter_context(_isolated(logging.getLogger("urllib3"), level=logging.WARNING))
        logging.getLogger("apprise").addHandler(handler)
        stack.callback(logging.getLogger("apprise").removeHandler, handler)
        yield reasons


@contextmanager
def _isolated(logger: logging.Logger, *, level: int) -> Iterator[None]:
    """Stop the propagation of `logger`, and set its level, in this block."""
    before, logger.propagate = logger.propagate, False
    level_before = logger.level
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.propagate = before
        logger.setLevel(level_before)


class _ReasonHandler(logging.Handler):
    """A handler that collects warnings, and network errors that Apprise logs at the debug level."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__()
        self._reasons = reasons

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.levelno >= logging.WARNING or text.startswith("Socket Exception"):
            self._reasons.append(text)
