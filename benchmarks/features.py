"""Cost of the features: CPU seconds per million rows, milliseconds per online row, and the same with pandas.

    OMP_NUM_THREADS=1 python -m benchmarks.features [--participants 5000] [--days 200]

Targets: at most 2 CPU s per million rows after warm-up, and less than 1 ms for one online row.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from migraine_assets.core import contract
from migraine_assets.core.features.diary import COLUMNS, Diary
from migraine_assets.core.features.engine import NAMES, compute, compute_last, select

FLAGS = {field.name for field in contract.FIELDS if field.kind == "flag"} | {"sex", "aura"}
BY_PANDAS = (
    "attacks_28d",
    "observed_28d",
    "stress_mean_7d",
    "stress_mean_28d",
    "sleep_hours_mean_7d",
    "severity_mean_28d",
)


def cohort(participants: int, days: int, *, every: int = 1) -> Diary:
    """Return a diary with all columns; 10 % of days missing, a seventh of values null, one entry per `every` days."""
    rng = np.random.default_rng(7)
    kept = rng.random(participants * days) < 0.9
    participant = np.repeat(np.arange(participants, dtype=np.int64), days)[kept]
    day = np.tile(np.arange(days, dtype=np.int64) * every + 19_000, participants)[kept]
    return Diary(participant, day, True, {name: column(name, len(day), rng) for name in COLUMNS})


def column(name: str, rows: int, rng: np.random.Generator) -> np.ndarray:
    values = (rng.random(rows) < 0.25).astype(np.float64) if name in FLAGS else 1 + 9 * rng.random(rows)
    values[rng.random(rows) < 1 / 7] = np.nan
    return values


def cpu(function: Callable[[], object], *, repeats: int = 1) -> float:
    """Return the CPU seconds of one call."""
    start = time.process_time()
    for _ in range(repeats):
        function()
    return (time.process_time() - start) / repeats


def first_rows(diary: Diary, rows: int) -> Diary:
    columns = {name: values[:rows] for name, values in diary.columns.items()}
    return Diary(diary.participant[:rows], diary.day[:rows], True, columns)


def by_pandas(diary: Diary) -> pd.DataFrame:
    """Compute the features in `BY_PANDAS` with rolling windows over dates."""
    names = ["migraine_occurrence", "stress_level", "sleep_hours", "migraine_severity"]
    frame = pd.DataFrame({name: diary.columns[name] for name in names})
    frame.index = pd.DatetimeIndex(diary.day.astype("datetime64[D]").astype("datetime64[ns]"))
    groups = frame.groupby(diary.participant)
    week = groups[["stress_level", "sleep_hours"]].rolling("7D").mean()
    month = groups[["stress_level", "migraine_severity"]].rolling("28D").mean()
    attacks = groups["migraine_occurrence"].rolling("28D")
    values = (attacks.sum(), attacks.count(), week["stress_level"], month["stress_level"])
    more = (week["sleep_hours"], month["migraine_severity"])
    return pd.DataFrame(dict(zip(BY_PANDAS, (*values, *more), strict=True)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--participants", type=int, default=5_000)
    parser.add_argument("--days", type=int, default=200)
    options = parser.parse_args()
    diary = cohort(options.participants, options.days)
    million = 1e6 / len(diary)
    print(f"{len(diary)} rows, {len(NAMES)} features")
    for horizon in (0, 1):
        batch(diary, horizon, million)
    sparse = cohort(max(options.participants // 10, 1), options.days, every=7)
    seconds = cpu(lambda: compute(sparse, horizon=1))
    print(f"one entry a week, horizon 1: {seconds * 1e6 / len(sparse):.2f} CPU s per million rows")
    against_pandas(first_rows(diary, len(diary) // 10))


def batch(diary: Diary, horizon: int, million: float) -> None:
    one = first_rows(diary, int(np.searchsorted(diary.day[:40], diary.day[0] + 29)))
    compute_last(one, horizon=horizon)
    compute(diary, horizon=horizon)
    seconds = cpu(lambda: compute(diary, horizon=horizon)) * million
    row = cpu(lambda: compute_last(one, horizon=horizon), repeats=500) * 1e3
    built = cpu(lambda: first_rows(one, len(one)), repeats=500) * 1e3
    print(f"horizon {horizon}: {seconds:.2f} CPU s per million rows; {row:.2f} ms for one row online", end=" ")
    print(f"(+ {built:.2f} ms to build its diary of {len(one)} rows)")


def against_pandas(diary: Diary) -> None:
    own, million = compute(diary, horizon=1), 1e6 / len(diary)
    reference = by_pandas(diary).to_numpy()
    np.testing.assert_allclose(np.nan_to_num(own[:, select(BY_PANDAS)]), np.nan_to_num(reference), rtol=1e-5, atol=1e-6)
    seconds, ours = cpu(lambda: by_pandas(diary)), cpu(lambda: compute(diary, horizon=1))
    print(
        f"pandas, {len(BY_PANDAS)} of these features, equal values: {seconds * million:.2f} CPU s per million rows,",
        end=" ",
    )
    print(f"{seconds / ours:.1f} times the cost of all {len(NAMES)} features here")


if __name__ == "__main__":
    main()
