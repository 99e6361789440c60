"""Metrics of several replicas: `serving.metrics.shared_counts` against prometheus_client's own multiprocess mode.

    python -m benchmarks.shared_counts [--dead 100] [--requests 20000] [--disk FOLDER]

Compares three implementations of shared counts: the project's (`shared`), the library's without changes (`library`),
and the library's with additional code that merges the files of dead processes at each scrape (`merged`). Prints for
each:

- microseconds for the counts of one request and milliseconds of a scrape;
- the same scrape, and the files left, after replicas were killed with SIGKILL, with a scrape after each death;
- requests lost or counted twice after each scraper was itself killed with SIGKILL at a random moment;
- with `--disk` (a small file system, e.g. `mount -t tmpfs -o size=4m tmpfs FOLDER`): the end of a replica that goes on
  counting while the disk is full. The disk is filled and cleared again.
"""

import argparse
import multiprocessing
import os
import random
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import psutil

WAYS = ("shared", "library", "merged")
ENDPOINTS = tuple(f"/endpoint/{number}" for number in range(12))
STATUSES = (200, 400, 422, 429, 503)
REQUESTS_EACH = len(ENDPOINTS) * len(STATUSES)
MODEL = "b" * 64
KILLED_WITHIN = 0.004  # seconds
FORK, SPAWN = multiprocessing.get_context("fork"), multiprocessing.get_context("spawn")


class Shared:
    """The counts of the project."""

    def __init__(self, folder: Path) -> None:
        from serving.metrics.registry import Metrics

        self._metrics = Metrics(folder)
        self.scrape = self._metrics.render

    def request(self, endpoint: str, status: int) -> None:
        """Count one request for two predictions."""
        self._metrics.count_request("POST", endpoint, status)
        self._metrics.observe_latency(0.004)
        for task in ("attack", "severity"):
            self._metrics.count_predictions(1, status="ok", task=task, model=MODEL, arm="champion")


class Library:
    """prometheus_client's multiprocess mode, which an environment variable selects at the first import."""

    def __init__(self, folder: Path, *, merged: bool = False) -> None:
        from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        from serving.metrics.names import LATENCY, LATENCY_BUCKETS, PREDICTIONS, REQUESTS

        own: dict[str, Any] = {"registry": None}
        # `labels()` takes longer than counting: keep its result, as the project's implementation keeps its keys.
        self._requests = cache(Counter(REQUESTS.name, REQUESTS.help, REQUESTS.labels, **own).labels)
        self._predictions = cache(Counter(PREDICTIONS.name, PREDICTIONS.help, PREDICTIONS.labels, **own).labels)
        self._latency = Histogram(LATENCY.name, LATENCY.help, buckets=LATENCY_BUCKETS, **own)
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]

        def scrape() -> bytes:
            if merged:
                merge_dead(folder)
            return generate_latest(registry)

        self.scrape = scrape

    def request(self, endpoint: str, status: int) -> None:
        """Count one request for two predictions."""
        self._requests("POST", endpoint, str(status)).inc()
        self._latency.observe(0.004)
        for task in ("attack", "severity"):
            self._predictions("ok", task, MODEL, "champion").inc()


def merge_dead(folder: Path) -> None:
    """Merge the files of dead processes into one for each kind of metric, with the library's own `merge`."""
    for kind in ("counter", "histogram"):
        archive = folder / f"{kind}_archive.db"
        files = [path for path in folder.glob(f"{kind}_*.db") if path != archive]
        if dead := [path for path in files if not psutil.pid_exists(int(path.stem.split("_")[1]))]:
            _write_merged([path for path in (*dead, archive) if path.exists()], archive)
            for path in dead:
                path.unlink()


def _write_merged(files: list[Path], archive: Path) -> None:
    from prometheus_client import mmap_dict, multiprocess

    formats: Any = mmap_dict  # has no types
    merge: Any = multiprocess.MultiProcessCollector.merge
    new = archive.with_suffix(".new")
    new.unlink(missing_ok=True)
    content = formats.MmapedDict(str(new))
    for metric in merge([str(path) for path in files], accumulate=False):
        for s in metric.samples:
            key = formats.mmap_key(metric.name, s.name, list(s.labels), list(s.labels.values()), metric.documentation)
            content.write_value(key, s.value, 0.0)
    content.close()
    new.replace(archive)


def opened(way: str, folder: Path) -> Shared | Library:
    """Return the metrics of a replica."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    return Shared(folder) if way == "shared" else Library(folder, merged=way == "merged")


def count_until_killed(way: str, folder: Path, ready: Event) -> None:
    """Run a replica that gets one request of each endpoint and status."""
    replica = opened(way, folder)
    for endpoint in ENDPOINTS:
        for status in STATUSES:
            replica.request(endpoint, status)
    ready.set()
    signal.pause()


def scrape_until_killed(way: str, folder: Path, ready: Event) -> None:
    """Run a replica that gets no request and is scraped."""
    replica = opened(way, folder)
    ready.set()
    replica.scrape()
    signal.pause()


def killed(target: Callable[..., None], way: str, folder: Path, *, within: float = 0.0) -> None:
    """Run `target` in a process of its own, and kill it at a random moment after it is ready."""
    ready = FORK.Event()
    process = FORK.Process(target=target, args=(way, folder, ready))
    process.start()
    ready.wait(60)
    time.sleep(random.uniform(0.0, within))
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()


def milliseconds(action: Callable[[], object], *, times: int = 5) -> float:
    """Return the shortest of several runs."""
    durations = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        durations.append(1000 * (time.perf_counter() - start))
    return min(durations)


def requests_counted(text: bytes) -> float:
    """Return the sum of all requests in a scrape."""
    lines = text.decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("migraine_api_requests_total{"))


@dataclass(frozen=True)
class Options:
    """The arguments of the command line."""

    dead: int
    requests: int
    disk: Path | None


def measure(way: str, folder: Path, options: Options) -> None:
    """Measure one implementation, in a process of its own, and print two lines."""
    replica = opened(way, folder)
    batch = max(1, options.requests // 5)
    request = 1000 * milliseconds(lambda: [replica.request("/predict", 200) for _ in range(batch)]) / batch
    first = milliseconds(replica.scrape)
    before = requests_counted(replica.scrape())
    for _ in range(options.dead):
        killed(count_until_killed, way, folder)
        replica.scrape()
    last = milliseconds(replica.scrape)
    files = [path.stat() for path in folder.iterdir()]
    size = sum(512 * stat.st_blocks for stat in files) / 1e6
    print(f"{way:8} {request:5.1f} us a request; scrape {first:5.2f} ms, after {options.dead} deaths {last:6.2f} ms")
    for _ in range(options.dead):
        killed(count_until_killed, way, folder)
        killed(scrape_until_killed, way, folder, within=KILLED_WITHIN)
    expected = before + 2 * options.dead * REQUESTS_EACH
    wrong = requests_counted(replica.scrape()) - expected
    print(f"{'':8} {len(files)} files, {size:.1f} MB; {wrong:+.0f} of {expected:.0f} requests")


def count_on_full_disk(way: str, folder: Path, ready: Event) -> None:
    """Run a replica that counts new label values after the disk has been filled."""
    replica = opened(way, folder)
    replica.request("/predict", 200)
    ready.set()
    while not (folder / "full").exists():
        time.sleep(0.01)
    for number in range(300):
        replica.request(f"/endpoint/{number}", 200)


def full_disk(way: str, disk: Path) -> None:
    """Fill the disk under a replica, and print how it ends."""
    with tempfile.TemporaryDirectory(dir=disk) as name:
        folder, ready = Path(name), SPAWN.Event()
        process = SPAWN.Process(target=count_on_full_disk, args=(way, folder, ready))
        process.start()
        ready.wait(60)
        (folder / "full.new").touch()
        try:
            with (folder / "filler").open("wb", buffering=0) as filler:
                while filler.write(b"\0" * 4096):
                    pass
        except OSError:
            (folder / "full.new").rename(folder / "full")
        process.join(60)
    print(f"{way:8} on a full disk: exit code {process.exitcode}")


def main() -> None:
    """Measure each implementation."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dead", type=int, default=100)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--disk", type=Path)
    options = Options(**vars(parser.parse_args()))
    for way in WAYS:
        with tempfile.TemporaryDirectory() as folder:
            process = SPAWN.Process(target=measure, args=(way, Path(folder), options))
            process.start()
            process.join()
        if options.disk is not None:
            full_disk(way, options.disk)


if __name__ == "__main__":
    main()
