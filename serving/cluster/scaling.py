"""How many replicas there should be: from how busy each is and how many requests are inside.

Here belong the measure that a replica takes of itself and the rule. Not here: bounds and delays (`serving.deployment`).

A prediction is computed at once where it arrives, in the event loop: handing it to another thread would cost half of
the throughput. While one is computed the others wait in sockets, where Ray cannot count them; so a replica also tells
what share of a processor it uses, as a Kubernetes autoscaler would see it. Batches do leave the loop, and count as
requests.
"""

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ray.serve.config import AutoscalingContext

BUSY = "busy"
# Python computes on one processor; at half of it there is room for a burst while the next replica starts, and a
# machine that others load as well still shows it.
TARGET_SHARE = 0.5


class Busy:
    """The share of one processor that this process has used since it was last asked: 0 to about 1."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.monotonic(), time.process_time()

    def share(self) -> float:
        """To be asked about once a second."""
        wall, cpu = time.monotonic(), time.process_time()
        found = (cpu - self._cpu) / max(wall - self._wall, 1e-3)
        self._wall, self._cpu = wall, cpu
        return found


def replicas_for_load(context: "AutoscalingContext") -> tuple[float, dict[str, Any]]:
    """The number of replicas wanted, before Ray applies bounds and delays. Ray calls this in its controller."""
    now = context.current_num_replicas
    if not now:
        return context.target_num_replicas, {}
    config: Any = context.config
    by_requests = context.total_num_requests / config.get_target_ongoing_requests()
    shares = list((context.aggregated_metrics or {}).get(BUSY, {}).values())
    by_share = now * sum(shares) / len(shares) / TARGET_SHARE if shares else 0.0
    return max(by_requests, by_share), {}
