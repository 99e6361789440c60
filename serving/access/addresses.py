"""The address that a rate limit counts a client by.

Not here: API keys, which are counted instead of addresses where a client sends one (`serving.access.api_keys`), the
limit itself (`serving.access.rate_limit`).
"""

import ipaddress
from functools import lru_cache

from starlette.datastructures import Headers
from starlette.types import Scope

UNKNOWN = "unknown"
# Every client with IPv6 has at least this network to choose addresses from.
IPV6_NETWORK = 64


def client_network(scope: Scope, *, trust_forwarded: bool) -> str:
    """The client of a request: its IPv4 address or IPv6 network.

    With `trust_forwarded` it is what the proxy in front has appended last to X-Forwarded-For. A proxy may append to the
    line of the client or add a line of its own: only all lines together end with what the proxy wrote.
    """
    address = next(iter(scope.get("client") or ()), UNKNOWN)
    if trust_forwarded:
        lines = Headers(scope=scope).getlist("x-forwarded-for")
        address = ",".join(lines).rpartition(",")[2].strip() or address
    return network_of(address)


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """What belongs to one client: an IPv4 address, or the /64 network of an IPv6 address. Other text as it is."""
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
    """`address` of the forms "1.2.3.4:5", "[::1]:5", "::1%eth0" and without any of it."""
    if address.startswith("["):
        address = address[1:].partition("]")[0]
    elif address.count(":") == 1:
        address = address.partition(":")[0]
    return address.partition("%")[0]
