"""The stages that `benchmarks.scale` measures: the input, work and output of each, as files in one folder.

Not here: processes, output and targets (`scale`), the calls of the package (`stages`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from benchmarks import stages
from benchmarks.stages import Split
from migraine_assets.core.contract import FIELDS
from migraine_assets.core.evaluation.datasets import columns_needed
from migraine_assets.core.evaluation.folds import Folds
from migraine_assets.core.features import engine
from migraine_assets.core.features.matrix import FeatureRows, feature_rows
from migraine_assets.core.models.catalogue import TABLE, find
from migraine_assets.core.tasks import Task
from migraine_assets.params import load_params
from migraine_assets.sources.registry import read_source
from migraine_assets.stores.store import Store

DAYS = 200
# Share of days on which the synthetic cohort has an entry.
ENTRY_SHARE = 0.838
# Rows of the warm-up.
FEW = 2_000
RAW, VALID, DIARY, FEATURES, FOLDS, CSV = (
    *(f"{name}.parquet" for name in ("raw", "valid", "diary", "features", "folds")),
    "diary.csv",
)


@dataclass(frozen=True)
class Work:
    """The work of a stage. `run` is measured and processes `rows` diary-days; `save`, if any, writes its result."""

    rows: int
    run: Callable[[], Any]
    save: Callable[[Any], object] | None = None


def synthetic(folder: Path, rows: int) -> Work:
    """Generate and deliver the cohort."""
    options = {"participants": max(40, math.ceil(rows / ENTRY_SHARE / DAYS)), "days": DAYS}
    read_source("synthetic", mapping=None, options={"participants": 40, "days": 20}, landing=None)
    return Work(
        rows,
        lambda: read_source("synthetic", mapping=None, options=options, landing=None).frame,
        lambda frame: frame.to_parquet(folder / RAW),
    )


def csv(folder: Path, _: int) -> Work:
    """Read the same diary from a CSV file."""
    raw, path = pd.read_parquet(folder / RAW), folder / CSV
    raw[[field.name for field in FIELDS]].to_csv(path, index=False)
    return Work(len(raw), lambda: read_source(str(path), mapping=None, options={}, landing=None))


def validation(folder: Path, _: int) -> Work:
    """Accept or quarantine rows, with all checks before and after."""
    params, raw = load_params(), pd.read_parquet(folder / RAW)
    stages.validated(raw.head(FEW), params)
    return Work(
        len(raw),
        lambda: stages.validated(raw, params).valid,
        lambda valid: valid.to_parquet(folder / VALID),
    )


def preprocessing(folder: Path, _: int) -> Work:
    """Preprocess and profile the diary."""
    params, valid = load_params(), pd.read_parquet(folder / VALID)
    return Work(len(valid), lambda: stages.preprocessed(valid, params), lambda diary: diary.to_parquet(folder / DIARY))


def features(folder: Path, _: int) -> Work:
    """Compute inputs and targets of every day."""
    diary = pd.read_parquet(folder / DIARY)
    feature_rows(diary.head(FEW), horizon=stages.HORIZON)
    return Work(
        len(diary),
        lambda: feature_rows(diary, horizon=stages.HORIZON),
        lambda rows: rows.frame.to_parquet(folder / FEATURES),
    )


def feature_checks(folder: Path, _: int) -> Work:
    """Run the checks of the feature table."""
    rows = _feature_rows(folder)
    return Work(len(rows.frame), lambda: stages.check_features(rows, load_params()))


def folds(folder: Path, _: int) -> Work:
    """Assign parts and folds, with their checks."""
    rows = _feature_rows(folder)
    return Work(
        len(rows.frame), lambda: stages.split(rows, load_params()).folds, lambda result: _save_folds(folder, result)
    )


def model(name: str, folder: Path) -> Work:
    """Train one model such as attack/xgboost: cross-validate, fit, evaluate, export and verify the export."""
    task, _, key = name.partition("/")
    estimator = find(task, key)  # type: ignore[arg-type]  # one of `MODELS`
    data = stages.rows_of(estimator.task, _split(folder, estimator.task))
    # Imports the library of the model before the measurement.
    estimator.build(estimator.params(), FEW, seed=0)
    store, params = Store(str(folder / "store")), load_params()
    return Work(len(data.train.y), lambda: stages.trained(estimator, data, store, params))


STAGES: dict[str, Callable[[Path, int], Work]] = {
    "synthetic": synthetic,
    "csv": csv,
    "validation": validation,
    "preprocessing": preprocessing,
    "features": features,
    "feature_checks": feature_checks,
    "folds": folds,
}
MODELS = tuple(f"{estimator.task}/{estimator.key}" for estimator in TABLE)
# Stages whose output other stages read.
FIRST = ("synthetic", "validation", "preprocessing", "features", "folds")


def work(name: str, folder: Path, rows: int) -> Work:
    """Return the work of the stage or model `name` on the files in `folder`."""
    return STAGES[name](folder, rows) if name in STAGES else model(name, folder)


def _feature_rows(folder: Path, task: Task | None = None) -> FeatureRows:
    stored = pq.read_schema(folder / FEATURES).names
    names = tuple(name for name in engine.NAMES if name in stored)
    columns = columns_needed(task, names) if task else None
    return FeatureRows(pd.read_parquet(folder / FEATURES, columns=columns), names, "severity")


def _save_folds(folder: Path, result: Folds) -> None:
    frame = pd.DataFrame({"part": result.part, "fold": result.fold})
    frame.attrs["cut_day"] = result.cut_day
    frame.to_parquet(folder / FOLDS)


def _split(folder: Path, task: Task) -> Split:
    frame = pd.read_parquet(folder / FOLDS)
    part, fold = (frame[name].to_numpy(np.int8) for name in ("part", "fold"))
    return Split(_feature_rows(folder, task), Folds(part, fold, frame.attrs["cut_day"], ()))
