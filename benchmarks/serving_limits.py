"""The service at its limits: scaling, overload, batches, explanations and memory. Prints results and targets.

    python -m benchmarks.serving_limits [--only scaling,overload,batch,arrow,reasons,memory] [--requests 500000]

Each part starts `migraine serve` (with Ray, HAProxy, autoscaling, prediction records and metrics) on a free port with
the model of `benchmarks.serving`, and stops it. `overload` sends four times the measured capacity of one replica over
256 and 1,024 connections and counts the successful answers (goodput). `arrow` sends diaries as a table and compares
with ONNX Runtime alone on the same rows in this process. Needs `wrk` (Debian).
"""

import argparse
import io
import json
import statistics
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pandas as pd

from benchmarks import load as wrk
from benchmarks import serving
from benchmarks.load import Load
from benchmarks.local_service import Running, running
from migraine_assets.core import contract
from serving.input.arrow_files import KEPT_SECONDS

ROWS = 1000
TREES = 300
PATIENCE = 180
OVERLOAD_CONNECTIONS = (256, 1024)


def scaling(work: Path, _: int) -> None:
    """Measure scaling from one replica to two under load, and back."""
    with running(work, serving.fortnight(), SERVING_MAX_REPLICAS="2", SERVING_DOWNSCALE_DELAY="10") as service:
        asked = Load("", f"{service.base}/predict", serving.fortnight())
        script = wrk.write_script(asked, work)
        began = time.monotonic()
        load = subprocess.Popen(("wrk", "-t1", "-c16", "-d25", "-s", str(script), asked.url), stdout=subprocess.DEVNULL)
        up = _seconds_until(lambda: service.metric("migraine_replicas ") == 2, began)
        load.wait()
        down = _seconds_until(lambda: service.metric("migraine_replicas ") == 1, time.monotonic())
    say("second replica after the load began", f"{up:.1f} s", "at most 15 s")
    say("one replica again after the load ended", f"{down:.1f} s", "after a delay of 10 s")


def overload(work: Path, _: int) -> None:
    """Measure goodput at four times the capacity of one replica, alternating with the capacity."""
    with running(work, serving.fortnight(), SERVING_MAX_REPLICAS="1") as service:
        asked = Load("", f"{service.base}/predict", serving.fortnight())
        wrk.load(asked, work, seconds=3)
        for connections in OVERLOAD_CONNECTIONS:
            rounds = [_overloaded(asked, work, connections) for _ in range(3)]
            ratio = statistics.median(good / capacity for capacity, good, _ in rounds)
            capacity, good, answers = rounds[-1]
            result = f"{good:.0f} of {capacity:.0f} good answers/s in the last round, {ratio:.2f} in the median of 3"
            say(f"4 x the capacity, {connections} connections", result, "at least 0.9")
            say("its answers", json.dumps(answers), "503 with Retry-After, nothing else")


def _overloaded(asked: Load, work: Path, connections: int) -> tuple[float, float, dict[str, int]]:
    """Return the capacity, the good answers per second at four times that, and all answers by status."""
    capacity = wrk.load(asked, work, seconds=5).rate
    answers = wrk.offered(asked, work, rate=4 * capacity, connections=connections, seconds=6)
    return capacity, answers["200"] / 6, dict(answers)


def batch(work: Path, _: int) -> None:
    """Measure JSON batches of 1,000 flat days from 16 connections, with a model for flat tables."""
    serving.train(work, TREES, flat=True)
    items = [flat_day(k) for k in range(ROWS)]
    with running(work, serving.fortnight(), SERVING_MAX_REPLICAS="2", SERVING_MIN_REPLICAS="2") as service:
        asked = Load("", f"{service.base}/predict/batch", json.dumps({"items": items}).encode())
        require_predictions(asked)
        wrk.load(asked, work, seconds=5)
        rate = wrk.load(asked, work, seconds=10)
    say("JSON batches of 1,000 flat days", f"{rate.rate * ROWS:.0f} rows/s, {rate.bad} bad", "at least 60,000 rows/s")


def flat_day(k: int) -> dict[str, Any]:
    """Return the day of one participant."""
    fields = {"sleep_hours": 4 + k % 6, "stress_level": 1 + k % 10, "screen_time": 4.5, "caffeine_intake": k % 4}
    return {
        "participant_id": f"P-{k}",
        "age": 20 + k % 50,
        "sex": "F",
        **fields,
        "hydration": k % 7,
        "missed_meals": k % 2,
    }


def require_predictions(asked: Load) -> None:
    """Raise if the service abstains, because then no prediction would be measured."""
    request = urllib.request.Request(asked.url, asked.body, {"Content-Type": "application/json"})
    items = json.loads(urllib.request.urlopen(request, timeout=60).read())["items"]
    if not all(item["result"] and item["result"]["attack"] for item in items):
        raise RuntimeError(f"The service did not predict: {items[0]}")


def arrow(work: Path, _: int) -> None:
    """Measure diaries in Arrow with an answer for every day, compared with ONNX Runtime alone on the same features.

    The model is trained on as many participants and days as by `make run`: on fewer, its trees would be shallower.
    """
    import onnxruntime
    import pyarrow as pa

    serving.train(work, TREES, participants=200, days=180)
    frame = pd.concat([serving.synthetic_diary().assign(copy=k) for k in range(18)])
    frame["participant_id"] = frame["participant_id"].astype(str) + "-" + frame["copy"].astype(str)
    frame = frame.sort_values(["participant_id", "date"], ignore_index=True)
    data = serving.diary_rows(frame)
    fields = [name for name in contract.NAMES if name in frame.columns]
    table = pa.Table.from_pandas(frame[fields], preserve_index=False)
    table = table.set_column(fields.index("date"), "date", table.column("date").cast(pa.date32()))
    for index, field in enumerate(table.schema):
        if pa.types.is_floating(field.type):
            table = table.set_column(index, field.name, table.column(index).cast(pa.float32()))
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(work / "model.onnx"), options)

    def alone() -> None:
        session.run(None, {"features": data.X})

    with running(work, serving.fortnight(), SERVING_MAX_REPLICAS="1") as service, httpx.Client() as client:

        def ask() -> None:
            kind = {"content-type": "application/vnd.apache.arrow.stream"}
            url = f"{service.base}/predict/batch?rows=all"
            answer = client.post(url, content=sink.getvalue(), headers=kind, timeout=120)
            answer.raise_for_status()

        # Alternating, so that other load on the machine affects both; the first two pairs are a warm-up.
        pairs = [(_rested(ask), _rested(alone) / len(data.X) * len(frame)) for _ in range(12)][2:]
        busy = max(service.replicas().values())
        time.sleep(2 * KEPT_SECONDS)
        idle = max(service.replicas().values())
    ratios = sorted(served / plain for served, plain in pairs)
    served, plain = (statistics.median(seconds) for seconds in zip(*pairs, strict=True))
    ratio = statistics.median(ratios)
    result = f"{served:.2f} s, {ratio:.2f} x ONNX Runtime alone ({plain:.2f} s), {ratios[0]:.2f} to {ratios[-1]:.2f}"
    say(f"{len(frame)} days as Arrow", result, "at most 2 x")
    say("replica after these tables, and idle", f"{busy:.0f} and {idle:.0f} MiB", "memory is released when idle")


def reasons(work: Path, _: int) -> None:
    """Measure explained predictions, one after another."""
    body = json.dumps({**json.loads(serving.fortnight()), "explain": True}).encode()
    with running(work, serving.fortnight(), SERVING_MAX_REPLICAS="1") as service, httpx.Client() as client:
        latencies = []
        for _ in range(50):
            began = time.perf_counter()
            answer = client.post(f"{service.base}/predict", content=body, headers={"content-type": "application/json"})
            answer.raise_for_status()
            latencies.append(1000 * (time.perf_counter() - began))
    say(
        "explained prediction",
        f"median {statistics.median(latencies):.0f} ms, slowest {max(latencies):.0f}",
        "under 50 ms",
    )


def memory(work: Path, requests: int) -> None:
    """Measure the memory of a replica after 5,000 requests and after many."""
    with running(work, serving.fortnight(), SERVING_MAX_REPLICAS="1") as service:
        asked = Load("", f"{service.base}/predict", serving.fortnight())
        early = _resident_after(service, asked, work, 5_000)
        late = _resident_after(service, asked, work, requests)
        dropped = service.metric("migraine_receipts_dropped_total ")
    say("replica after 5,000 requests", f"{early:.0f} MiB", "at most 300 MiB")
    say(f"replica after {requests}", f"{late:.0f} MiB", "no growth")
    say("prediction records dropped", f"{dropped:.0f}", "0")


def _resident_after(service: Running, asked: Load, work: Path, requests: int) -> float:
    while service.metric("migraine_prediction_latency_seconds_count ") < requests:
        wrk.load(asked, work, seconds=2 if requests < 10_000 else 10)
    return max(service.replicas().values())


def _rested(job: Callable[[], Any]) -> float:
    """Return the seconds of `job`, after a pause in which earlier writes complete."""
    time.sleep(0.5)
    began = time.perf_counter()
    job()
    return time.perf_counter() - began


def _seconds_until(condition: Callable[[], bool], began: float) -> float:
    while not condition():
        if time.monotonic() - began > PATIENCE:
            return float("inf")
        time.sleep(0.2)
    return time.monotonic() - began


def say(name: str, result: str, target: str) -> None:
    """Print a result with its target."""
    print(f"{name:<42}{result:<62}{target}", flush=True)


PARTS = {part.__name__: part for part in (scaling, overload, batch, arrow, reasons, memory)}


def main() -> None:
    """Run the selected parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--requests", type=int, default=500_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        serving.train(work, TREES)
        for name in options.only.split(","):
            PARTS[name](work, options.requests)


if __name__ == "__main__":
    main()
