"""Environment variables for Ray."""

import socket
from pathlib import Path

import pytest

from migraine_assets.errors import ConfigurationError
from serving.cluster.ray_environment import SIDE_PORTS, close_token, free_ports, ray_environment
from serving.settings import ServingSettings


def environment(*, haproxy: bool = True) -> dict[str, str]:
    return ray_environment(ServingSettings(haproxy=haproxy), temporary=Path("/tmp/x"))


def test_haproxy_and_throughput_mode_are_on_unless_switched_off() -> None:
    assert environment()["RAY_SERVE_ENABLE_HA_PROXY"] == environment()["RAY_SERVE_THROUGHPUT_OPTIMIZED"] == "1"
    off = environment(haproxy=False)
    assert off["RAY_SERVE_ENABLE_HA_PROXY"] == off["RAY_SERVE_THROUGHPUT_OPTIMIZED"] == "0"


def test_requests_are_computed_in_the_event_loop_with_any_proxy() -> None:
    for each in (environment(), environment(haproxy=False)):
        assert each["RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD"] == "0"


def test_each_service_has_its_own_side_ports_and_files() -> None:
    one = ray_environment(ServingSettings(), temporary=Path("/tmp/one"))
    ports = [value for name, value in one.items() if name.endswith("_PORT")]
    assert len(set(ports)) == len(ports) == 4
    programs = {"RAY_SERVE_HAPROXY_BINARY_PATH", "MIGRAINE_HAPROXY_BINARY", "MIGRAINE_PYTHON"}
    paths = [value for name, value in one.items() if value.startswith("/") and name not in programs]
    assert len(paths) == 5
    assert all(value.startswith("/tmp/one") for value in paths)


def test_the_system_assigns_no_side_port() -> None:
    """Ray assigns none either: it starts processes with ports from the system before it listens on the side ports."""
    assert 52365 not in SIDE_PORTS
    assigned = Path("/proc/sys/net/ipv4/ip_local_port_range")
    lowest = int(assigned.read_text().split()[0]) if assigned.exists() else 0
    if lowest < 32768:
        pytest.skip(f"this system assigns ports from {lowest} on; the default of Linux is 32768")
    assert max(SIDE_PORTS) < lowest


def test_ports_in_use_are_not_returned() -> None:
    [first, *_, last] = sorted(free_ports(2))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first))
        assert free_ports(1, among=(first, last)) == [last]
        with pytest.raises(ConfigurationError, match=f"{first} to {last}"):
            free_ports(2, among=(first, last))


def test_a_token_that_another_program_created_is_closed_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_AUTH_TOKEN_PATH", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    close_token()  # there is none
    default, stated = tmp_path / ".ray/auth_token", tmp_path / "token"
    default.parent.mkdir()
    for token in (default, stated):
        token.write_text("x")
        token.chmod(0o644)
    close_token()
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(stated))
    close_token()
    assert [token.stat().st_mode & 0o777 for token in (default, stated)] == [0o600, 0o600]
