"""Where alerts are sent: channels by URL, through Apprise (Slack, e-mail, Teams, PagerDuty and a hundred more).

Here belong reading the list of URLs, naming a channel without its secrets, and sending one message. Not here: what is
sent, when it is sent again, and what is kept. Apprise is imported when something is sent.
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

# A comma or space before the next `schema://`; those inside of a URL (`?to=a@x.org,b@x.org`) stay.
_BETWEEN = re.compile(r"[\s,;]+(?=[A-Za-z][A-Za-z0-9+.-]*://)")
_PIECES = re.compile(r"[/:@?&=#,;+ ]+")
# Of these the host is no secret. Elsewhere the "host" of the URL can be the token itself.
_WITH_HOST = {"mailto", "mailtos", "json", "jsons", "xml", "xmls", "form", "forms"}
_LEAST_SECRET = 5
NOT_UNDERSTOOD = "Apprise does not understand this URL: see the form of its kind in Apprise's manual."


@dataclass(frozen=True)
class Channel:
    """One receiver. `id` stays while the URL does; `label` may be shown, the URL never."""

    id: str
    label: str
    url: str = field(repr=False)


@dataclass(frozen=True)
class Sent:
    """How sending one message to one channel went."""

    arrived: bool
    problem: str = ""


def channels(urls: str) -> tuple[Channel, ...]:
    """The channels of a list of URLs separated by commas or spaces, each once."""
    parts = [part.strip(" \t\r\n,;") for part in _BETWEEN.split(urls.strip())]
    return tuple(_channel(url) for url in dict.fromkeys(filter(None, parts)))


def send(channel: Channel, message: Message, *, late: bool = False) -> Sent:
    """Send, and say whether the receiver took it. Never raises: no alert may break what it reports on."""
    body = f"{message.body}\n\n(Sent late: this is of {moment(message.made)}.)" if late else message.body
    with _listening() as heard:
        import apprise

        try:
            sender = apprise.Apprise()
            if not sender.add(channel.url):
                return Sent(False, NOT_UNDERSTOOD)
            result = sender.notify(body, message.title, _grade(message), body_format=apprise.NotifyFormat.TEXT)
            arrived = bool(result)
        except Exception as error:  # noqa: BLE001 - a plugin of the library may raise anything
            heard.append(f"{type(error).__name__}: {error}")
            arrived = False
    return (
        Sent(True) if arrived else Sent(False, without_secrets(" ".join(heard), channel.url) or "No reason was given.")
    )


def without_secrets(text: str, url: str) -> str:
    """`text` with every longer piece of `url` but its schema and an open host blanked."""
    schema, _, rest = url.partition("://")
    host = urlsplit(url).hostname or "" if schema.lower() in _WITH_HOST else ""
    pieces = {piece for piece in _PIECES.split(rest) + _PIECES.split(unquote(rest)) if len(piece) >= _LEAST_SECRET}
    for piece in sorted(pieces, key=len, reverse=True):
        if piece.lower() not in host:
            text = text.replace(piece, "***")
    return text.replace(url, f"{schema}://***")


@cache
def _channel(url: str) -> Channel:
    # Slow on purpose: the identity is in files and logs, and must not let a weak password be guessed.
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


def _grade(message: Message) -> "NotifyType":
    from apprise import NotifyType

    if message.good:
        return NotifyType.SUCCESS
    return NotifyType.WARNING if message.severity == "warning" else NotifyType.FAILURE


@contextmanager
def _listening() -> Iterator[list[str]]:
    """What Apprise complains of meanwhile. Its logs are kept from others: they name parts of the URL, urllib3's all."""
    heard: list[str] = []
    ear = _Ear(heard)
    with ExitStack() as stack, warnings.catch_warnings():
        # Its imports use what Python is about to remove; nobody here can change that.
        warnings.simplefilter("ignore", DeprecationWarning)
        stack.enter_context(_kept_apart(logging.getLogger("apprise"), level=logging.DEBUG))
        stack.enter_context(_kept_apart(logging.getLogger("urllib3"), level=logging.WARNING))
        logging.getLogger("apprise").addHandler(ear)
        stack.callback(logging.getLogger("apprise").removeHandler, ear)
        yield heard


@contextmanager
def _kept_apart(logger: logging.Logger, *, level: int) -> Iterator[None]:
    """Nothing of `logger` reaches the logs of the process, whatever is being debugged there."""
    before, logger.propagate = logger.propagate, False
    level_before = logger.level
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.propagate = before
        logger.setLevel(level_before)


class _Ear(logging.Handler):
    """Hears complaints, and the reasons that Apprise gives to whoever debugs it; not what else it says there."""

    def __init__(self, heard: list[str]) -> None:
        super().__init__()
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        if record.levelno >= logging.WARNING or said.startswith("Socket Exception"):
            self._heard.append(said)
