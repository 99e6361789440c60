"""The stages that `benchmarks.scale` measures: what each reads, does and leaves for the next, in one folder.

Not here: the processes, the printing and the bars (`scale`), the calls of the package (`stages`).
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
# The share of its days that the synthetic cohort writes down.
KEPT = 0.838
FEW = 2_000
RAW, VALID, DIARY, FEATURES, FOLDS, CSV = (
    *(f"{name}.parquet" for name in ("raw", "valid", "diary", "features", "folds")),
    "diary.csv",
)


@dataclass(frozen=True)
class Work:
    """`run` is measured and goes over `rows` diary-days; `save`, if any, then puts its result into the folder."""

    rows: int
    run: Callable[[], Any]
    save: Callable[[Any], object] | None = None


def synthetic(folder: Path, rows: int) -> Work:
    """Generating the cohort and delivering it."""
    options = {"participants": max(40, math.ceil(rows / KEPT / DAYS)), "days": DAYS}
    read_source("synthetic", mapping=None, options={"participants": 40, "days": 20}, landing=None)
    return Work(
        rows,
        lambda: read_source("synthetic", mapping=None, options=options, landing=None).frame,
        lambda frame: frame.to_parquet(folder / RAW),
    )


def csv(folder: Path, _: int) -> Work:
    """Reading the same diary from a CSV file."""
    raw, path = pd.read_parquet(folder / RAW), folder / CSV
    raw[[field.name for field in FIELDS]].to_csv(path, index=False)
    return Work(len(raw), lambda: read_source(str(path), mapping=None, options={}, landing=None))


def validation(folder: Path, _: int) -> Work:
    """Accepting rows or setting them aside, and every check on both sides of it."""
    params, raw = load_params(), pd.read_parquet(folder / RAW)
    stages.validated(raw.head(FEW), params)
    return Work(
        len(raw),
        lambda: stages.validated(raw, params).valid,
        lambda valid: valid.to_parquet(folder / VALID),
    )


def preprocessing(folder: Path, _: int) -> Work:
    """The diary to compute with, and its profile."""
    params, valid = load_params(), pd.read_parquet(folder / VALID)
    return Work(len(valid), lambda: stages.preprocessed(valid, params), lambda diary: diary.to_parquet(folder / DIARY))


def features(folder: Path, _: int) -> Work:
    """Inputs and targets of every day."""
    diary = pd.read_parquet(folder / DIARY)
    feature_rows(diary.head(FEW), horizon=stages.HORIZON)
    return Work(
        len(diary),
        lambda: feature_rows(diary, horizon=stages.HORIZON),
        lambda rows: rows.frame.to_parquet(folder / FEATURES),
    )


def feature_checks(folder: Path, _: int) -> Work:
    """The checks on the feature table."""
    rows = _feature_rows(folder)
    return Work(len(rows.frame), lambda: stages.check_features(rows, load_params()))


def folds(folder: Path, _: int) -> Work:
    """Who trains and who tests, with the checks on it."""
    rows = _feature_rows(folder)
    return Work(
        len(rows.frame), lambda: stages.split(rows, load_params()).folds, lambda found: _save_folds(folder, found)
    )


def model(name: str, folder: Path) -> Work:
    """One model, such as attack/xgboost: cross-validated, fitted, judged, exported, compared with its export."""
    task, _, key = name.partition("/")
    estimator = find(task, key)  # type: ignore[arg-type]  # one of `MODELS`
    data = stages.rows_of(estimator.task, _split(folder, estimator.task))
    # Building it imports its library.
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
# Whose files the other stages read.
FIRST = ("synthetic", "validation", "preprocessing", "features", "folds")


def work(name: str, folder: Path, rows: int) -> Work:
    """What `name` does on the files in `folder`."""
    return STAGES[name](folder, rows) if name in STAGES else model(name, folder)


def _feature_rows(folder: Path, wanted: Task | None = None) -> FeatureRows:
    there = pq.read_schema(folder / FEATURES).names
    names = tuple(name for name in engine.NAMES if name in there)
    columns = columns_needed(wanted, names) if wanted else None
    return FeatureRows(pd.read_parquet(folder / FEATURES, columns=columns), names, "severity")


def _save_folds(folder: Path, found: Folds) -> None:
    frame = pd.DataFrame({"part": found.part, "fold": found.fold})
    frame.attrs["cut_day"] = found.cut_day
    frame.to_parquet(folder / FOLDS)


def _split(folder: Path, task: Task) -> Split:
    found = pd.read_parquet(folder / FOLDS)
    part, fold = (found[name].to_numpy(np.int8) for name in ("part", "fold"))
    return Split(_feature_rows(folder, task), Folds(part, fold, found.attrs["cut_day"], ()))
