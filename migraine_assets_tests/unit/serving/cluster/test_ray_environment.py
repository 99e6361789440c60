import socket
from pathlib import Path

import pytest

from migraine_assets.errors import ConfigurationError
from serving.cluster.ray_environment import SIDE_PORTS, free_ports, ray_environment
from serving.settings import ServingSettings


def environment(*, haproxy: bool = True) -> dict[str, str]:
    return ray_environment(ServingSettings(haproxy=haproxy), temporary=Path("/tmp/x"))


def test_haproxy_and_throughput_mode_are_on_unless_switched_off() -> None:
    assert environment()["RAY_SERVE_ENABLE_HA_PROXY"] == environment()["RAY_SERVE_THROUGHPUT_OPTIMIZED"] == "1"
    off = environment(haproxy=False)
    assert off["RAY_SERVE_ENABLE_HA_PROXY"] == off["RAY_SERVE_THROUGHPUT_OPTIMIZED"] == "0"


def test_in_either_mode_requests_are_answered_in_the_loop_that_takes_them() -> None:
    for each in (environment(), environment(haproxy=False)):
        assert each["RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD"] == "0"


def test_two_services_on_a_machine_share_no_side_port_and_no_file() -> None:
    one = ray_environment(ServingSettings(), temporary=Path("/tmp/one"))
    ports = [value for name, value in one.items() if name.endswith("_PORT")]
    assert len(set(ports)) == len(ports) == 4
    programs = {"RAY_SERVE_HAPROXY_BINARY_PATH", "MIGRAINE_HAPROXY_BINARY"}
    places = [value for name, value in one.items() if value.startswith("/") and name not in programs]
    assert len(places) == 5
    assert all(value.startswith("/tmp/one") for value in places)


def test_the_system_hands_no_side_port_to_somebody_else() -> None:
    """Nor does Ray: between choosing and listening it starts processes that take whatever the system gives them."""
    assert 52365 not in SIDE_PORTS
    handed_out = Path("/proc/sys/net/ipv4/ip_local_port_range")
    lowest = int(handed_out.read_text().split()[0]) if handed_out.exists() else 0
    if lowest < 32768:
        pytest.skip(f"this system hands out ports from {lowest} on, where Linux by itself begins at 32768")
    assert max(SIDE_PORTS) < lowest


def test_ports_that_are_taken_are_not_given() -> None:
    [first, *_, last] = sorted(free_ports(2))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first))
        assert free_ports(1, among=(first, last)) == [last]
        with pytest.raises(ConfigurationError, match=f"{first} to {last}"):
            free_ports(2, among=(first, last))
