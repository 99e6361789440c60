"""Which addresses belong to the public internet, for requests to locations that others may choose.

Not here: connections (`sources.files.http`, `stores.alerts.webhooks`).
"""

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# IPv6 prefixes that carry an IPv4 address in their last 32 bits.
_TRANSLATED = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48")))


def private_address(host: str) -> Address | None:
    """Return the address `host` if it is in a private network or of this machine; None if it is public.

    Raises `ValueError` if `host` is a name.
    """
    address: Address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address.sixtofour or _translated(address) or address
    return address if not address.is_global or address.is_multicast else None


def _translated(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    inside = any(address in network for network in _TRANSLATED)
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if inside else None
