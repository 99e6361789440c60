"""Throughput of the synthetic cohort in rows per CPU second: generation, and delivery as Parquet.

python benchmarks/synthetic.py [participants] [days]
"""

import sys
import time
from collections.abc import Callable
from typing import TypeVar

from migraine_assets.sources.cohort.settings import SyntheticSettings
from migraine_assets.sources.synthetic import generate, open_synthetic

Result = TypeVar("Result")


def measured(run: Callable[[], Result]) -> tuple[Result, float]:
    """Return the result of `run` and its CPU seconds."""
    start = time.process_time()
    result = run()
    return result, time.process_time() - start


def main(participants: int, days: int) -> None:
    """Print one line for each step."""
    generate(SyntheticSettings(participants=10, days=10))  # warm up
    settings = SyntheticSettings(participants=participants, days=days)
    cohort, seconds = measured(lambda: generate(settings))
    rows = len(cohort.frame)
    print(f"generate        {rows:>10,} rows {seconds:7.2f} s CPU {rows / seconds:>12,.0f} rows/s")
    del cohort
    delivery, seconds = measured(lambda: open_synthetic({"participants": participants, "days": days}))
    size = delivery.files[0].size / 1e6
    print(f"open_synthetic  {rows:>10,} rows {seconds:7.2f} s CPU {rows / seconds:>12,.0f} rows/s {size:.1f} MB")


if __name__ == "__main__":
    main(*(int(word) for word in (sys.argv[1:] + ["5000", "200"][len(sys.argv) - 1 :])))
