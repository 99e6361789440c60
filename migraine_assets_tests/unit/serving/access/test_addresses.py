"""The client address that rate limits count by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.access.addresses import UNKNOWN, client_network, network_of


def client(*forwarded: str, trust: bool = True, peer: str | None = "192.0.2.9") -> str:
    headers = [(b"x-forwarded-for", line.encode("latin-1")) for line in forwarded]
    scope = {"type": "http", "headers": headers, "client": (peer, 1234) if peer else None}
    return client_network(scope, trust_forwarded=trust)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((), "192.0.2.9"),
        (("198.51.100.1",), "198.51.100.1"),
        (("10.0.0.1, 198.51.100.1",), "198.51.100.1"),
        # The proxy appends to the last line, or adds one.
        (("10.0.0.1", "198.51.100.1"), "198.51.100.1"),
        (("10.0.0.1", "10.0.0.2, 198.51.100.1"), "198.51.100.1"),
        (("198.51.100.1:4711",), "198.51.100.1"),
        (("",), "192.0.2.9"),
    ],
)
def test_the_last_forwarded_address_of_all_lines_counts(lines: tuple[str, ...], expected: str) -> None:
    assert client(*lines) == expected


def test_without_trust_only_the_connection_counts() -> None:
    assert client("198.51.100.1", trust=False) == "192.0.2.9"
    assert client(peer=None) == UNKNOWN


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::7]:443", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("192.0.2.1", "192.0.2.1"),
        ("no address", "no address"),
    ],
)
def test_an_ipv6_client_is_its_network_and_other_text_stays(address: str, expected: str) -> None:
    assert network_of(address) == expected


@given(st.ip_addresses(v=6).filter(lambda address: address.ipv4_mapped is None), st.integers(0, 2**64 - 1))
def test_all_addresses_of_a_network_are_one_client(address: object, host: int) -> None:
    number = int(address) >> 64 << 64 | host  # type: ignore[call-overload]
    text = ":".join(f"{number >> shift & 0xFFFF:x}" for shift in range(112, -1, -16))
    if (number >> 32) != 0xFFFF:
        assert network_of(text) == network_of(str(address))


@given(st.text(max_size=60))
def test_no_text_raises(text: str) -> None:
    network_of(text)
