import time
from types import SimpleNamespace

import pytest

from serving.cluster.scaling import BUSY, TARGET_SHARE, Busy, replicas_for_load


def context(*, shares: list[float] | None, requests: float = 0.0, replicas: int = 2) -> SimpleNamespace:
    metrics = None if shares is None else {BUSY: dict(enumerate(shares))}
    config = SimpleNamespace(get_target_ongoing_requests=lambda: 8)
    return SimpleNamespace(
        current_num_replicas=replicas,
        target_num_replicas=replicas,
        total_num_requests=requests,
        aggregated_metrics=metrics,
        config=config,
    )


@pytest.mark.parametrize(
    ("shares", "requests", "wanted"),
    [
        ([1.0, 1.0], 2, 2 / TARGET_SHARE),  # both saturated, and next to nothing to be seen of it in requests
        ([0.1, 0.1], 32, 4.0),  # requests that wait for something else than this processor
        ([TARGET_SHARE, TARGET_SHARE], 0, 2.0),
        ([0.0, 0.0], 0, 0.0),
        (None, 16, 2.0),  # no replica has told yet
        ([], 16, 2.0),
    ],
)
def test_replicas_are_wanted_for_busy_processors_or_for_many_requests(
    shares: list[float] | None, requests: float, wanted: float
) -> None:
    assert replicas_for_load(context(shares=shares, requests=requests))[0] == pytest.approx(wanted)  # type: ignore[arg-type]


def test_before_the_first_replica_is_there_nothing_is_decided_anew() -> None:
    assert replicas_for_load(context(shares=[1.0], replicas=0))[0] == 0  # type: ignore[arg-type]


def test_a_process_that_computes_is_busy_and_one_that_waits_is_not() -> None:
    busy = Busy()
    time.sleep(0.2)
    waiting = busy.share()
    until = time.process_time() + 0.2
    while time.process_time() < until:
        pass
    assert waiting < busy.share()
