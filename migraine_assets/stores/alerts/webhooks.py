"""Webhooks of apps: channels that receive forecasts above the usual, signed as in https://www.standardwebhooks.com.

Each belongs to the API key of an app, and gets the forecasts of the diaries that are kept for this key. Not here: the
content (`core.alerts.above_usual`), the queue and retries (`stores.alerts.notifier`), names of participants
(`stores.diaries.names`).
"""

import asyncio
import base64
import binascii
import datetime as dt
import hashlib
import hmac
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import msgspec

from migraine_assets.core.addresses import private_address
from migraine_assets.core.alerts.above_usual import Level, payload, pseudonyms
from migraine_assets.core.alerts.message import Message
from migraine_assets.errors import ConfigurationError
from migraine_assets.stores.alerts.channels import Channel, SendResult, channels, without_secrets

VARIABLE = "MIGRAINE_WEBHOOKS"
# For the whole request, so that a slow receiver does not delay the alerts.
SECONDS = 10.0
_PREFIX = "whsec_"
_KEY_BYTES = range(24, 65)

# The app's ids of pseudonyms, by the owner (name of the API key) and the pseudonyms.
NamesOf = Callable[[str, Sequence[str]], Mapping[str, str]]


@dataclass(frozen=True)
class Webhook(Channel):
    """The webhook of the API key `owner`. `level`: the lowest level that is sent. `key`: of the signature."""

    owner: str = ""
    level: Level = "higher"
    private_addresses: bool = False
    key: bytes = field(default=b"", repr=False)


class _Endpoint(msgspec.Struct, forbid_unknown_fields=True):
    url: str
    secret: str
    level: Level = "higher"
    private_addresses: bool = False


def webhooks(text: str) -> tuple[Webhook, ...]:
    """Return the webhooks in `text`, a JSON object of endpoints by name of the API key ("" for a service without keys).

    Raises `ConfigurationError`, which names no URL and no secret.
    """
    if not text.strip():
        return ()
    try:
        endpoints = msgspec.json.decode(text, type=dict[str, _Endpoint])
    except msgspec.DecodeError as error:
        raise ConfigurationError(
            f"{VARIABLE} is not a JSON object of endpoints by name of the API key: {error}. See docs/webhooks.md."
        ) from None
    return tuple(_webhook(owner, endpoint) for owner, endpoint in endpoints.items())


def post(webhook: Webhook, message: Message, names: NamesOf, *, now: dt.datetime) -> SendResult:
    """Send a queued message, signed. A message of which nothing is left to send counts as delivered.

    Raises `StoreError` if the names cannot be read.
    """
    body = payload(message, names(webhook.owner, pseudonyms(message)), today=now.astimezone(dt.UTC).date())
    if body is None:
        return SendResult(True)
    headers = {"content-type": "application/json", **signed_headers(webhook, message, body, now=now)}
    try:
        status = asyncio.run(_post(webhook, body, headers))
    except Exception as error:  # noqa: BLE001 - the network and the library may raise anything
        reason = without_secrets(f"{type(error).__name__}: {error}".rstrip(": "), webhook.url)
        return SendResult(False, reason)
    return SendResult(True) if 200 <= status < 300 else SendResult(False, f"The receiver answered with HTTP {status}.")


def signed_headers(webhook: Webhook, message: Message, body: bytes, *, now: dt.datetime) -> dict[str, str]:
    """Return the id, which is the same for all attempts, the time of this attempt, and the signature of both and
    `body`.
    """
    identity = f"msg_{hashlib.sha256(f'{webhook.owner}:{message.body}'.encode()).hexdigest()[:32]}"
    timestamp = str(int(now.timestamp()))
    return {
        "webhook-id": identity,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature(webhook.key, identity, timestamp, body),
    }


def signature(key: bytes, identity: str, timestamp: str, body: bytes) -> str:
    """Return the signature of Standard Webhooks: HMAC-SHA256 of the id, the time and the body."""
    digest = hmac.new(key, f"{identity}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def _webhook(owner: str, endpoint: _Endpoint) -> Webhook:
    parts = urlsplit(endpoint.url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(f"{VARIABLE}: the url of '{owner}' is no address with http:// or https://.")
    (channel,) = channels(endpoint.url)
    # Several keys may have the same address.
    identity = hashlib.sha256(f"{owner}:{channel.id}".encode()).hexdigest()[:8]
    return Webhook(
        id=identity,
        label=f"webhook of '{owner}' [{identity}]",
        url=endpoint.url,
        owner=owner,
        level=endpoint.level,
        private_addresses=endpoint.private_addresses,
        key=_key(owner, endpoint.secret),
    )


def _key(owner: str, secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(_PREFIX) or len(key) not in _KEY_BYTES:
        raise ConfigurationError(
            f"{VARIABLE}: the secret of '{owner}' is not {_PREFIX} followed by 24 to 64 bytes in base64. "
            f'Make one with: echo "{_PREFIX}$(openssl rand -base64 32)"'
        )
    return key


async def _post(webhook: Webhook, body: bytes, headers: Mapping[str, str]) -> int:
    import aiohttp

    def open_socket(address: Any) -> socket.socket:
        # Called with the address of every connection, so a host name cannot bypass the check.
        family, kind, protocol, _, target = address
        if not webhook.private_addresses and private_address(target[0]) is not None:
            raise ConfigurationError(
                "The url is at an address of a private network or of this machine. If that is intended, set "
                f'"private_addresses": true in {VARIABLE}.'
            )
        return socket.socket(family=family, type=kind, proto=protocol)

    connector = aiohttp.TCPConnector(socket_factory=open_socket)
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    async with (
        aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
        # A redirect would send health data to an address that nobody configured.
        session.post(webhook.url, data=body, headers=headers, allow_redirects=False) as response,
    ):
        return response.status
