"""Collection of the predictions of a day: time and memory, the first time and again.

    python -m benchmarks.collecting [--predictions 1000000] [--features 76] [--replicas 4]

Prediction records as the service writes them, one by one, in the segments of several replicas (about 1 GB, in a
temporary folder). Target: a million in less than a minute.
"""

import argparse
import datetime as dt
import resource
import tempfile
import time
from pathlib import Path

import msgspec
import numpy as np

from migraine_assets.stores.monitoring.collection import collect_predictions
from migraine_assets.stores.prediction_log.prediction_ids import make_ids
from migraine_assets.stores.prediction_log.record import PredictionRecord
from migraine_assets.stores.prediction_log.segments import segments
from migraine_assets.stores.pseudonyms import pseudonym
from migraine_assets.stores.store import Store

DAY = dt.date(2026, 3, 1)
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC).timestamp()
AT_ONCE = 10_000
SECRET = b"a secret for a benchmark"


def write(store: Store, *, predictions: int, features: int, replicas: int) -> None:
    """Write the prediction records of a day, alternating between the replicas."""
    rng, encode = np.random.default_rng(1), msgspec.json.Encoder().encode
    targets = [segments(store, "predictions", segment_bytes=64 << 20) for _ in range(replicas)]
    participants = [pseudonym(SECRET, f"P-{k}") for k in range(5_000)]
    for turn, first in enumerate(range(0, predictions, AT_ONCE)):
        count = min(AT_ONCE, predictions - first)
        rows = rng.normal(size=(count, features)).astype(np.float32).round(3).astype(np.float64).tolist()
        lines = [
            encode(
                PredictionRecord(
                    id=identity,
                    time=NOON + (first + k) / 1000,
                    participant=participants[(first + k) % len(participants)],
                    for_date="2026-03-02",
                    features={"attack": row},
                    outputs={"attack": row[0] % 1},
                    bundles={"attack": "0" * 64},
                )
            )
            for k, (identity, row) in enumerate(zip(make_ids(SECRET, count, time=NOON), rows, strict=True))
        ]
        targets[turn % replicas].write(DAY.isoformat(), b"\n".join(lines) + b"\n")
    for target in targets:
        target.close()


def main() -> None:
    """Write, collect twice, and print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--predictions", type=int, default=1_000_000)
    parser.add_argument("--features", type=int, default=76)
    parser.add_argument("--replicas", type=int, default=4)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(str(Path(folder) / "store"))
        write(store, predictions=options.predictions, features=options.features, replicas=options.replicas)
        print(f"{options.predictions:,} predictions of {options.features} features from {options.replicas} replicas")
        for step in ("collected", "collected again"):
            wall, cpu = time.perf_counter(), time.process_time()
            result = collect_predictions(store, DAY)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            print(f"  {step:<16}{wall:7.1f} s, {cpu:.1f} CPU s, {result.new:,} new of {result.rows:,}   target 60 s")
    print(f"  at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GiB resident")


if __name__ == "__main__":
    main()
