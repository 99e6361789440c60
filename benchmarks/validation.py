"""CPU seconds per million rows of validation (including a strict Pandera run), preprocessing and profile.

python benchmarks/validation.py [rows]
"""

import datetime
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from migraine_assets.core.contract import FIELDS, Field
from migraine_assets.core.diary.preprocess import preprocess
from migraine_assets.core.diary.profile import profile
from migraine_assets.core.diary.validation import Validated, ValidationSettings, validate
from migraine_assets.core.quality.delivery import types_and_bounds
from migraine_assets.core.quality.fields import missing_values, outliers
from migraine_assets.core.quality.settings import QualitySettings

DAYS = 200
TODAY = datetime.date(2024, 12, 31)


def diary(rows: int) -> pd.DataFrame:
    """Return a raw diary of `rows` days, 200 per participant; 10 % of cells are null, a few out of bounds."""
    rng = np.random.default_rng(1)
    person = np.arange(rows) // DAYS
    columns = {field.name: _column(field, rng, rows) for field in FIELDS if field.role != "key"}
    attack = columns["migraine_occurrence"]
    columns["migraine_severity"][attack != 1] = np.nan
    columns["duration_h"][attack != 1] = np.nan
    start = np.datetime64("2023-01-01", "ns")
    keys = {
        "participant_id": np.array([f"p{p:06d}" for p in person], dtype=object),
        "date": start + (np.arange(rows) % DAYS).astype("timedelta64[D]"),
    }
    provenance = {"source_file": "diary.csv", "source_row": np.arange(rows) + 2, "unreadable": None}
    return pd.DataFrame(keys | columns | provenance)


def _column(field: Field, rng: np.random.Generator, rows: int) -> np.ndarray:
    if field.kind == "category":
        return np.array(field.categories, dtype=object)[rng.integers(0, len(field.categories), rows)]
    if field.kind == "flag":
        values = rng.integers(0, 2, rows).astype(np.float64)
    else:
        values = rng.uniform(field.low or 0, field.high or 100, rows).round(1)
        values[rng.random(rows) < 1e-4] = 1e5
    values[rng.random(rows) < 0.1] = np.nan
    return values


def measured(name: str, run: Callable[[], object], *, rows: int) -> object:
    """Run, print the CPU seconds per million rows, and return the result."""
    start = time.process_time()
    result = run()
    seconds = time.process_time() - start
    print(f"{name:<22} {seconds:7.2f} s CPU   {seconds / rows * 1e6:7.2f} s per million rows")
    return result


def main(rows: int) -> None:
    """Print one line for each step."""
    raw, settings = diary(rows), QualitySettings()
    split = measured("validate", lambda: validate(raw, today=TODAY, settings=ValidationSettings()), rows=rows)
    assert isinstance(split, Validated)
    valid = split.valid
    print(f"{len(valid):,} accepted, {len(split.quarantined):,} quarantined")
    measured("strict Pandera schema", lambda: types_and_bounds(valid), rows=rows)
    measured(
        "missing and outliers",
        lambda: (missing_values(valid, settings=settings), outliers(valid, settings=settings)),
        rows=rows,
    )
    measured("preprocess", lambda: preprocess(valid), rows=rows)
    measured("profile", lambda: profile(valid), rows=rows)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
