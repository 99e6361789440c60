"""fsspec's HTTP file system with limits on addresses, redirects and time.

A location is often part of a configuration that others can write. It must not give them access to the network of the
pipeline. Not here: limits on sizes (`sources.files.fetch`), which addresses are private (`core.addresses`).
"""

import socket
from collections.abc import Awaitable, Callable
from typing import Any

from migraine_assets.core.addresses import private_address
from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.sources.files.limits import MIB, SourceLimits

PROTOCOLS: tuple[str, ...] = ("http", "https")

# Limit for the listing of a folder, the only response that fsspec reads as a whole.
_LISTING_BYTES = 4 * MIB


def guarded_filesystem(location: str, limits: SourceLimits) -> tuple[Any, str]:
    """Return the file system of an HTTP `location` and the path on it. Raises `ImportError` if aiohttp is missing."""
    from fsspec.core import url_to_fs

    fs, path = url_to_fs(location, get_client=_client_factory(location, limits), skip_instance_cache=True)
    return fs, str(path)


def _client_factory(location: str, limits: SourceLimits) -> Callable[..., Awaitable[Any]]:
    import aiohttp

    def open_socket(address: Any) -> socket.socket:
        # Called with the address of every connection, so a host name or redirect cannot bypass the check.
        family, kind, protocol, _, target = address
        if not limits.private_addresses:
            _refuse_private(location, target[0])
        return socket.socket(family=family, type=kind, proto=protocol)

    async def refuse_redirect(_session: Any, _context: Any, event: Any) -> None:
        if not limits.redirects:
            target = event.response.headers.get("Location", "another address")
            raise ConfigurationError(
                f"'{location}' redirects to '{target}', and redirects are not followed. Give that address as the "
                "source, or allow redirects in params.yaml: sources: {redirects: true}."
            )

    class Response(aiohttp.ClientResponse):
        async def read(self) -> bytes:
            content = await self.content.read(_LISTING_BYTES)
            if not self.content.at_eof():
                raise DataRefused(f"'{location}' answers with a page of more than {_LISTING_BYTES // MIB} MiB.")
            return content

    async def client(**options: Any) -> aiohttp.ClientSession:
        trace = aiohttp.TraceConfig()
        trace.on_request_redirect.append(refuse_redirect)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(socket_factory=open_socket),
            response_class=Response,
            timeout=aiohttp.ClientTimeout(total=limits.seconds),
            trace_configs=[trace],
            **options,
        )

    return client


def _refuse_private(location: str, host: str) -> None:
    if (address := private_address(host)) is not None:
        raise ConfigurationError(
            f"'{location}' is at {address}, an address of a private network or of this machine. If that is intended, "
            "allow it in params.yaml: sources: {private_addresses: true}."
        )
