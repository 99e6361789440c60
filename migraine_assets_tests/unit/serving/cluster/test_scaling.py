"""The autoscaling policy."""

import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from serving.cluster.scaling import CPU_USAGE, TARGET_SHARE, CpuUsage, replicas_for_load


def context(*, shares: list[float] | None, requests: float = 0.0, replicas: int = 2) -> SimpleNamespace:
    metrics = None if shares is None else {CPU_USAGE: dict(enumerate(shares))}
    config = SimpleNamespace(get_target_ongoing_requests=lambda: 8)
    return SimpleNamespace(
        current_num_replicas=replicas,
        target_num_replicas=replicas,
        total_num_requests=requests,
        aggregated_metrics=metrics,
        config=config,
    )


@pytest.mark.parametrize(
    ("shares", "requests", "replicas"),
    [
        ([1.0, 1.0], 2, 2 / TARGET_SHARE),  # both saturated, which the requests do not show
        ([0.1, 0.1], 32, 4.0),  # requests that wait for something other than the CPU
        ([TARGET_SHARE, TARGET_SHARE], 0, 2.0),
        ([0.0, 0.0], 0, 0.0),
        (None, 16, 2.0),  # no replica has reported yet
        ([], 16, 2.0),
    ],
)
def test_replicas_are_added_for_cpu_usage_or_for_requests(
    shares: list[float] | None, requests: float, replicas: float
) -> None:
    assert replicas_for_load(context(shares=shares, requests=requests))[0] == pytest.approx(replicas)  # type: ignore[arg-type]


def test_the_target_stays_until_the_first_replica_runs() -> None:
    assert replicas_for_load(context(shares=[1.0], replicas=0))[0] == 0  # type: ignore[arg-type]


def test_usage_is_higher_while_computing_than_while_waiting() -> None:
    usage = CpuUsage()
    # Waiting for another process takes no CPU time of this one.
    subprocess.run([sys.executable, "-c", "sum(range(10**6))"], check=True)
    waiting = usage.share()
    until = time.process_time() + 0.2
    while time.process_time() < until:
        pass
    assert waiting < usage.share()
