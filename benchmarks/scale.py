"""Wall time, CPU time and peak memory of every stage at 10,000, 100,000 and 1,000,000 diary-days.

    python -m benchmarks.scale [--rows 10000 100000 1000000] [--only csv features attack/xgboost] [--folder FOLDER]

Every stage runs in its own process on the files of the earlier stages. Reading those files is not timed, but counts
for the peak memory. Exits with 1 if a target is missed: CPU seconds per million rows of validation and features, CPU
seconds of a model, and peak memory of all stages.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.scale_stages import FIRST, MODELS, STAGES, work
from migraine_assets.core.models.fit_context import bounded_threads

ROOT = Path(__file__).resolve().parent.parent
SIZES = (10_000, 100_000, 1_000_000)
# CPU seconds per million rows, checked for this many rows or more, so that the fixed costs of a process do not matter.
PER_MILLION = {"validation": 5.0, "features": 2.0}
REPEATS = 3
CHECKED_FROM = 100_000
MODEL_SECONDS = 300.0
PEAK_MB = 8 * 1024


@dataclass(frozen=True)
class Measured:
    """The cost of a stage: diary-days, wall seconds, CPU seconds, peak megabytes."""

    rows: int
    wall: float
    cpu: float
    peak: float


def measure(name: str, folder: Path, rows: int) -> Measured:
    """Measure one stage in this process. Stages with a target per row are repeated, and the best run counts."""
    task = work(name, folder, rows)
    runs = []
    with bounded_threads(1):
        for _ in range(REPEATS if name in PER_MILLION else 1):
            result = None
            wall, cpu = time.monotonic(), time.process_time()
            result = task.run()
            runs.append((time.process_time() - cpu, time.monotonic() - wall))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if task.save:
        task.save(result)
    cpu, wall = min(runs)
    return Measured(task.rows, wall, cpu, peak)


def apart(name: str, folder: Path, rows: int) -> Measured:
    """Measure one stage in its own process. Raises `CalledProcessError` if it fails."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.scale",
        "--stage",
        name,
        "--folder",
        str(folder.resolve()),
        "--rows",
        str(rows),
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT)
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def misses(name: str, measured: Measured) -> str:
    """Describe the missed targets; empty if all are met."""
    missed = []
    if name in PER_MILLION and measured.rows >= CHECKED_FROM:
        each = measured.cpu / measured.rows * 1e6
        missed += (
            [f"{each:.1f} CPU s per million rows, target {PER_MILLION[name]:g}"] if each > PER_MILLION[name] else []
        )
    if name in MODELS and measured.cpu > MODEL_SECONDS:
        missed.append(f"target {MODEL_SECONDS:g} CPU s")
    if measured.peak > PEAK_MB:
        missed.append(f"target {PEAK_MB} MB")
    return "; ".join(missed)


def size(folder: Path, rows: int, only: Sequence[str]) -> bool:
    """Measure the stages at one size, in the order of their dependencies; return True if every target is met."""
    folder.mkdir(parents=True, exist_ok=True)
    kept, total = True, 0.0
    print(f"{'stage':<28} {'rows':>9} {'wall s':>8} {'CPU s':>8} {'s/million':>10} {'peak MB':>8}")
    for name in (*STAGES, *MODELS):
        requested = not only or name in only
        if not requested and (name not in FIRST or (folder / f"{name}.done").exists()):
            continue
        measured = apart(name, folder, rows)
        (folder / f"{name.replace('/', '-')}.done").touch()
        missed = misses(name, measured)
        kept, total = kept and not missed, total + measured.cpu
        each = measured.cpu / max(measured.rows, 1) * 1e6
        line = (
            f"{name:<28} {measured.rows:>9,} {measured.wall:8.2f} {measured.cpu:8.2f} {each:10.1f} {measured.peak:8.0f}"
        )
        print(line + (f"  MISSED: {missed}" if missed else ""), flush=True)
    print(f"{'total':<28} {'':>9} {'':>8} {total:8.2f}\n", flush=True)
    return kept


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table for each size; return 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=SIZES)
    parser.add_argument("--only", nargs="+", default=(), choices=(*STAGES, *MODELS), metavar="STAGE")
    parser.add_argument("--folder", type=Path, help="keep the files of the stages here and reuse existing ones")
    parser.add_argument("--stage", choices=(*STAGES, *MODELS), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.stage:
        print(json.dumps(asdict(measure(options.stage, options.folder, options.rows[0]))))
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        kept = [size(folder / str(rows), rows, options.only) for rows in options.rows]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
