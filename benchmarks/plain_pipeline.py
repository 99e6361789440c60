"""The training side as a plain script: the work of `migraine run` without Dagster and MLflow.

    python -m benchmarks.plain_pipeline [--participants 200] [--days 180] [--home FOLDER] [--only xgboost ridge]

Runs everything from the synthetic cohort to bundles and reports, including all checks, and prints the CPU seconds of
each stage. It omits what an orchestrator and a tracking server add: run records, metadata and caching.
"""

import argparse
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import stages
from benchmarks.stages import Split, Trained
from migraine_assets.core.evaluation.champion_analysis import ScoredRows, assemble
from migraine_assets.core.evaluation.cross_validation import Scorer, baseline_predictions, baseline_threshold
from migraine_assets.core.evaluation.datasets import TaskData, dimensions, part_of
from migraine_assets.core.evaluation.gate import gate
from migraine_assets.core.evaluation.importance import groups_by_field
from migraine_assets.core.evaluation.results import ModelRow, TaskEvaluation
from migraine_assets.core.evaluation.selection import Result, rank
from migraine_assets.core.models.catalogue import CLASSIFIERS, REGRESSORS
from migraine_assets.core.models.estimator import Estimator
from migraine_assets.core.models.fit_context import bounded_threads
from migraine_assets.core.tasks import Task
from migraine_assets.params import Params, load_params
from migraine_assets.report.run_info import RunFacts
from migraine_assets.report.writer import write_reports
from migraine_assets.sources.registry import read_source
from migraine_assets.stores.assets import delivery_files
from migraine_assets.stores.bundles.bundles import Bundle, load_bundle
from migraine_assets.stores.store import Store

MODELS: dict[Task, tuple[Estimator, ...]] = {"attack": CLASSIFIERS, "severity": REGRESSORS}
Predictions = Mapping[str, NDArray[np.float64]]


class Clock:
    """A clock that prints the CPU seconds of each stage."""

    def __init__(self) -> None:
        self._last = time.process_time()

    def stage(self, name: str) -> None:
        """Print the CPU seconds since the last stage."""
        now = time.process_time()
        print(f"{name:<32} {now - self._last:7.2f} s CPU", flush=True)
        self._last = now


def run(home: Path, *, participants: int, days: int, only: Sequence[str] = ()) -> None:
    """Run all stages with results under `home`; `only` restricts the models."""
    clock, params, store = Clock(), load_params(), Store(str(home / "store"))
    clock.stage("start")
    split = prepare(store, params, participants=participants, days=days, clock=clock)
    for task, estimators in MODELS.items():
        data, models = stages.rows_of(task, split), {}
        for estimator in (row for row in estimators if not only or row.key in only):
            models[estimator.key] = stages.trained(estimator, data, store, params)
            clock.stage(f"{task}/{estimator.key}")
        with bounded_threads(params.training.threads):
            evaluation = evaluated(task, data, split, models, store, params)
        write_reports(home / "reports", "plain", facts=_facts(params), **{task: evaluation})
        clock.stage(f"evaluation/{task}")


def prepare(store: Store, params: Params, *, participants: int, days: int, clock: Clock) -> Split:
    """Run the stages from the source to the folds."""
    options = {"participants": participants, "days": days}
    delivery = read_source("synthetic", mapping=None, options=options, landing=None)
    delivery_files.keep(store, [(file.name, file.stored) for file in delivery.files], identity=delivery.md5)
    clock.stage("source")
    valid = stages.validated(delivery.frame, params).valid
    clock.stage("validation and its checks")
    diary = stages.preprocessed(valid, params)
    clock.stage("preprocessing and profile")
    rows = stages.featured(diary, params)
    clock.stage("features and their checks")
    split = stages.split(rows, params)
    clock.stage("folds and their checks")
    return split


def evaluated(
    task: Task, data: TaskData, split: Split, models: Mapping[str, Trained], store: Store, params: Params
) -> TaskEvaluation:
    """Compute everything that the report shows, with predictions from the written bundles."""
    bundles = {key: load_bundle(store, model.bundle) for key, model in models.items()}
    predicted = {key: bundle.predict(data.test.X) for key, bundle in bundles.items()}
    ranking = rank([_result(key, model) for key, model in models.items()], task=task)
    scorer, (train_base, test_base) = Scorer(data, params.training.replicates), baseline_predictions(data)
    thresholds = {key: baseline_threshold(data, prediction) for key, prediction in train_base.items()}
    best = predicted.get(ranking.champion or "")
    decision = None
    if best is not None:
        decision = gate(task, data.test.y, best, None, data.test.participant, settings=params.promotion)
    before = TaskEvaluation(
        task=task,
        severity_kind="severity",
        horizon=stages.HORIZON,
        train=part_of(data, "train"),
        test=part_of(data, "test"),
        flow=(),
        rows=tuple(_row(models[key], bundles[key], scorer, predicted[key]) for key in models),
        baselines={
            key: {"cv": scorer.train(train_base[key], limit), "test": scorer.test(test_base[key], limit) or {}}
            for key, limit in thresholds.items()
        },
        ranking=ranking,
        decision=decision,
    )
    rows = ScoredRows(data.test.X, data.test.y, data.test.participant, {**predicted, **test_base}, dimensions(data))
    inputs = groups_by_field(split.rows.names, stages.fields_of(split.rows.names))
    predict = bundles[ranking.champion].predict if ranking.champion else None
    return assemble(before, rows, predict=predict, inputs=inputs)


def _result(key: str, model: Trained) -> Result:
    return Result(key, model.judged.cv, model.judged.lead, model.judged.flags)


def _row(model: Trained, bundle: Bundle, scorer: Scorer, prediction: NDArray[np.float64]) -> ModelRow:
    fitted = model.judged.fitted
    return ModelRow(
        key=fitted.estimator.key,
        used=fitted.used,
        seconds=fitted.seconds,
        cv=model.judged.cv,
        train=model.judged.train,
        test=scorer.test(prediction, fitted.threshold),
        flags=model.judged.flags,
        bundle=bundle.hash,
        params=fitted.params,
        threshold=fitted.threshold,
        conformal=fitted.conformal,
    )


def _facts(params: Params) -> RunFacts:
    return RunFacts(
        run_id="plain",
        created="2024-01-01T00:00:00+00:00",
        source="synthetic",
        description="the synthetic cohort",
        command="python -m benchmarks.plain_pipeline",
        data_version="benchmark",
        code_version="benchmark",
        seed=params.training.seed,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run in a temporary folder, or in `--home`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--participants", type=int, default=200)
    parser.add_argument("--days", type=int, default=180)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--only", nargs="+", default=(), metavar="MODEL")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        home = options.home or Path(temporary)
        run(home, participants=options.participants, days=options.days, only=options.only)
    spent = time.process_time()
    print(f"{'total, with imports':<32} {spent:7.2f} s CPU")


if __name__ == "__main__":
    main()
