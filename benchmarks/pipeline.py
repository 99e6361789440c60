"""Overhead of Dagster and MLflow: `migraine run` compared with `benchmarks.plain_pipeline`, each in a fresh home.

    python -m benchmarks.pipeline [--runs 3] [--participants 200] [--days 180]

The two alternate, so that changes in the speed of the machine affect both. Prints CPU and wall seconds of every run,
of a second, unchanged `migraine run`, and the median of the pairwise ratios. Targets: at most 1.35; about 2 minutes of
wall time on two idle cores.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BAR = 1.35
PIPELINE = (sys.executable, "-c", "from migraine_assets.cli.app import main; main()", "run")
PLAIN = (sys.executable, "-m", "benchmarks.plain_pipeline")


@dataclass(frozen=True)
class Cost:
    """CPU seconds (user and system, children included), wall seconds, peak resident memory in MB."""

    cpu: float
    wall: float
    peak: float


def measure(command: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """Measure a command. Prints its output and raises `CalledProcessError` if it fails."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=ROOT, env={**os.environ, **environment})
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            print(output.read(), file=sys.stderr)
            raise subprocess.CalledProcessError(process.returncode, list(command))
    wall = time.monotonic() - began
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def size(participants: int, days: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the arguments of the pipeline and of the plain script for a cohort of this size."""
    options = ("--option", f"participants={participants}", "--option", f"days={days}")
    return options, ("--participants", str(participants), "--days", str(days))


def say(name: str, cost: Cost) -> Cost:
    """Print a line and return the cost."""
    print(f"{name:<28} {cost.cpu:8.1f} s CPU {cost.wall:8.1f} s wall {cost.peak:8.0f} MB", flush=True)
    return cost


def compare(runs: int, participants: int, days: int) -> float:
    """Return the median of the pairwise ratios of CPU time."""
    pipeline, plain = [], []
    pipeline_options, plain_options = size(participants, days)
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as home:
            environment = {"MIGRAINE_HOME": home}
            plain.append(say("plain", measure((*PLAIN, *plain_options), environment)))
            pipeline.append(say("pipeline", measure((*PIPELINE, *pipeline_options), environment)))
            say("pipeline, unchanged", measure((*PIPELINE, *pipeline_options), environment))
    return statistics.median(one.cpu / other.cpu for one, other in zip(pipeline, plain, strict=True))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the costs and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--participants", type=int, default=200)
    parser.add_argument("--days", type=int, default=180)
    options = parser.parse_args(arguments)
    ratio = compare(options.runs, options.participants, options.days)
    print(f"pipeline / plain: {ratio:.2f} times the CPU (target {BAR}: {'met' if ratio <= BAR else 'MISSED'})")


if __name__ == "__main__":
    main()
