"""Autoscaling policy: the number of replicas, from their CPU usage and their ongoing requests.

A prediction is computed directly in the event loop, because handing it to another thread would halve the throughput.
Meanwhile other requests wait in sockets, where Ray cannot count them. So each replica also reports its CPU usage, as
for a Kubernetes autoscaler. Batches are computed outside the loop and count as ongoing requests.

Not here: minimum, maximum and delays (`serving.deployment`).
"""

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ray.serve.config import AutoscalingContext

CPU_USAGE = "busy"
# A replica uses at most one CPU. Half of it leaves room for a burst while the next replica starts, and a replica can
# reach it even if other processes load the machine.
TARGET_SHARE = 0.5


class CpuUsage:
    """The CPU usage of this process since the last call, as a share of one CPU."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.monotonic(), time.process_time()

    def share(self) -> float:
        """Return the usage since the last call, 0 to about 1. Call it about once per second."""
        wall, cpu = time.monotonic(), time.process_time()
        share = (cpu - self._cpu) / max(wall - self._wall, 1e-3)
        self._wall, self._cpu = wall, cpu
        return share


def replicas_for_load(context: "AutoscalingContext") -> tuple[float, dict[str, Any]]:
    """Return the target number of replicas, to which Ray applies minimum, maximum and delays.

    Ray's controller calls it.
    """
    now = context.current_num_replicas
    if not now:
        return context.target_num_replicas, {}
    config: Any = context.config
    by_requests = context.total_num_requests / config.get_target_ongoing_requests()
    shares = list((context.aggregated_metrics or {}).get(CPU_USAGE, {}).values())
    by_share = now * sum(shares) / len(shares) / TARGET_SHARE if shares else 0.0
    return max(by_requests, by_share), {}
