"""The client address that rate limits count by.

Not here: API keys, which are counted instead of addresses if a client sends one (`serving.access.api_keys`), the limit
itself (`serving.access.rate_limit`).
"""

import ipaddress
from functools import lru_cache

from starlette.datastructures import Headers
from starlette.types import Scope

UNKNOWN = "unknown"
# A client with IPv6 can choose any address of a network of this size.
IPV6_NETWORK = 64


def client_network(scope: Scope, *, trust_forwarded: bool) -> str:
    """Return what identifies the client of a request: its IPv4 address or IPv6 network.

    With `trust_forwarded` it is the last address in X-Forwarded-For, which the proxy in front has appended. A proxy may
    append to the client's header line or add a line of its own, so the lines are joined first.
    """
    address = next(iter(scope.get("client") or ()), UNKNOWN)
    if trust_forwarded:
        lines = Headers(scope=scope).getlist("x-forwarded-for")
        address = ",".join(lines).rpartition(",")[2].strip() or address
    return network_of(address)


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """Return the IPv4 address or the /64 network of an IPv6 address. Other text is returned unchanged."""
    try:
        parsed = ipaddress.ip_address(_without_port(address))
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), IPV6_NETWORK), strict=False))


def _without_port(address: str) -> str:
    """Return `address` without port, brackets and zone: "1.2.3.4:5", "[::1]:5" and "::1%eth0" are accepted."""
    if address.startswith("["):
        address = address[1:].partition("]")[0]
    elif address.count(":") == 1:
        address = address.partition(":")[0]
    return address.partition("%")[0]
