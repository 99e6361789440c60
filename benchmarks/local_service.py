"""`migraine serve` on a free port, for measurements of our service alone.

Not here: what is measured (`benchmarks.serving_limits`).
"""

import contextlib
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks import load as wrk
from benchmarks.load import Load
from serving.cluster.ray_environment import free_ports

ROOT = Path(__file__).resolve().parents[1]


class Running:
    """A running service."""

    def __init__(self, process: "subprocess.Popen[bytes]", base: str) -> None:
        self.process, self.base = process, base

    def metric(self, name: str) -> float:
        """Return the sum of the samples of `name`."""
        text = urllib.request.urlopen(f"{self.base}/metrics", timeout=30).read().decode()
        return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name))

    def replicas(self) -> dict[int, float]:
        """Return the resident MiB of each replica, by process id."""
        resident = {}
        for process in psutil.process_iter(["cmdline"]):
            with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
                if "ServeReplica" in " ".join(process.info["cmdline"] or ()) and self._owns(process):
                    resident[process.pid] = process.memory_info().rss / 2**20
        return resident

    def _owns(self, process: psutil.Process) -> bool:
        own = self.process.pid
        return os.getsid(process.pid) == os.getsid(own) or own in (parent.pid for parent in process.parents())


@contextmanager
def running(work: Path, request: bytes, **environment: str) -> Iterator[Running]:
    """Run `migraine serve` in this block, once it answers."""
    port = free_ports(1)[0]
    command = (sys.executable, "-c", "from serving.cli import app; app()", "serve", "--port", str(port))
    settings = os.environ | {"MIGRAINE_HOME": str(work / "home"), "PYTHONPATH": str(ROOT)} | environment
    with (work / "output").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=work, env=settings, stdout=output, stderr=output, start_new_session=True
        )
    base = f"http://127.0.0.1:{port}"
    try:
        wrk.await_answer(process, Load("", f"{base}/predict", request), work)
        yield Running(process, base)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        finally:
            wrk.end_group(process)
