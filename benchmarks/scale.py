"""Wall time, CPU time and peak memory of every stage at 10,000, 100,000 and 1,000,000 diary-days.

    python -m benchmarks.scale [--rows 10000 100000 1000000] [--only csv features attack/xgboost] [--folder FOLDER]

Every stage runs in a process of its own on the files of the stages before it. Reading those files comes before the
clock starts; the memory that they take is part of the peak. Ends with 1 where a bar is missed: validation and features
in CPU seconds per million rows, a model in CPU seconds, all in peak memory.
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
from migraine_assets.core.models.fit_context import bounded

ROOT = Path(__file__).resolve().parent.parent
SIZES = (10_000, 100_000, 1_000_000)
# CPU seconds per million rows, judged from so many rows on: below, what a process pays once would count as well.
PER_MILLION = {"validation": 5.0, "features": 2.0}
REPEATS = 3
JUDGED_FROM = 100_000
MODEL_SECONDS = 300.0
PEAK_MB = 8 * 1024


@dataclass(frozen=True)
class Measured:
    """What a stage took: diary-days, seconds, seconds, megabytes."""

    rows: int
    wall: float
    cpu: float
    peak: float


def measure(name: str, folder: Path, rows: int) -> Measured:
    """Run one stage in this process; one that is judged by the row a few times, of which the best counts."""
    task = work(name, folder, rows)
    took = []
    with bounded(1):
        for _ in range(REPEATS if name in PER_MILLION else 1):
            result = None
            wall, cpu = time.monotonic(), time.process_time()
            result = task.run()
            took.append((time.process_time() - cpu, time.monotonic() - wall))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if task.save:
        task.save(result)
    cpu, wall = min(took)
    return Measured(task.rows, wall, cpu, peak)


def apart(name: str, folder: Path, rows: int) -> Measured:
    """Run one stage in a process of its own. Raises `CalledProcessError` where it fails."""
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


def misses(name: str, found: Measured) -> str:
    """Which bar is missed, as words; empty where all are kept."""
    said = []
    if name in PER_MILLION and found.rows >= JUDGED_FROM:
        each = found.cpu / found.rows * 1e6
        said += [f"{each:.1f} CPU s per million rows, bar {PER_MILLION[name]:g}"] if each > PER_MILLION[name] else []
    if name in MODELS and found.cpu > MODEL_SECONDS:
        said.append(f"bar {MODEL_SECONDS:g} CPU s")
    if found.peak > PEAK_MB:
        said.append(f"bar {PEAK_MB} MB")
    return "; ".join(said)


def size(folder: Path, rows: int, only: Sequence[str]) -> bool:
    """Measure the stages at one size, those that others need first; whether every bar is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    kept, total = True, 0.0
    print(f"{'stage':<28} {'rows':>9} {'wall s':>8} {'CPU s':>8} {'s/million':>10} {'peak MB':>8}")
    for name in (*STAGES, *MODELS):
        asked = not only or name in only
        if not asked and (name not in FIRST or (folder / f"{name}.done").exists()):
            continue
        found = apart(name, folder, rows)
        (folder / f"{name.replace('/', '-')}.done").touch()
        missed = misses(name, found)
        kept, total = kept and not missed, total + found.cpu
        each = found.cpu / max(found.rows, 1) * 1e6
        line = f"{name:<28} {found.rows:>9,} {found.wall:8.2f} {found.cpu:8.2f} {each:10.1f} {found.peak:8.0f}"
        print(line + (f"  MISSED: {missed}" if missed else ""), flush=True)
    print(f"{'in all':<28} {'':>9} {'':>8} {total:8.2f}\n", flush=True)
    return kept


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table for each size; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=SIZES)
    parser.add_argument("--only", nargs="+", default=(), choices=(*STAGES, *MODELS), metavar="STAGE")
    parser.add_argument("--folder", type=Path, help="keep the files of the stages here, and use those that are there")
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
