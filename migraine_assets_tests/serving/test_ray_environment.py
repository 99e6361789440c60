from pathlib import Path

from serving.ray_environment import ray_environment
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
