"""Small diaries on disk for the tests of sources."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from migraine_assets.sources.files.delivery import Delivery
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.table import open_table

SMALL = "participant_id,date,sleep_hours,migraine_occurrence\nann,2020-01-01,7,0\nann,2020-01-02,6.5,1\n"

FLAT_HEADER = (
    "age,gender,sleep_hours,sleep_quality,stress_level,hydration,exercise,screen_time,caffeine_intake,"
    "alcohol_intake,weather_changes,menstrual_cycle,dehydration,bright_light,loud_noises,strong_smells,"
    "missed_meals,specific_foods,physical_activity,neck_pain,weather_pressure,humidity,temperature_change,"
    "migraine_occurrence,migraine_severity"
)


def write(folder: Path, name: str, content: str | bytes) -> str:
    """Write a file into `folder` and return its path."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def read(folder: Path, content: str | bytes, *, mapping: str | None = None, name: str = "diary.csv") -> Delivery:
    """Return the delivery of one file with this content."""
    stated = write(folder, "mapping.yaml", mapping) if mapping is not None else None
    return open_table(write(folder, name, content), mapping=stated)


def sheet(header: Sequence[str], rows: int = 1) -> Sheet:
    """Return a sheet with this header and empty cells."""
    lines = np.arange(2, rows + 2, dtype=np.int64)
    return Sheet("diary.csv", tuple(header), lines, {}, lambda positions: [pa.nulls(rows) for _ in positions])
