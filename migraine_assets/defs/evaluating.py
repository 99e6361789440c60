"""What an evaluation asset does: score every bundle on the test part, rank, hold the best against the incumbent.

Here belong loading and composing. Not here: any figure (`core`), any page (`report`), Dagster's part
(`defs.assets.evaluation`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core import features as engine
from migraine_assets.core.assembly import ScoredRows, assemble
from migraine_assets.core.bootstrap import resample
from migraine_assets.core.decision import Decision
from migraine_assets.core.estimator import Task
from migraine_assets.core.evaluation import Conformal, ModelRow, Part, TaskEvaluation
from migraine_assets.core.importance import groups_by_field
from migraine_assets.core.interval import Interval, Scores
from migraine_assets.core.judging import baseline_predictions, draws
from migraine_assets.core.metrics import intervals
from migraine_assets.core.promotion import Result, gate, rank
from migraine_assets.core.subgroups import Objects, age_band
from migraine_assets.core.task_data import GROUPS, TaskData
from migraine_assets.defs.resources import Workspace
from migraine_assets.defs.training import load
from migraine_assets.defs.values import FeaturesRef, Figures, FoldsRef, ModelRef
from migraine_assets.params import Params
from migraine_assets.stores.bundles import Bundle, load_bundle
from migraine_assets.stores.pointer import read_pointer

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Evaluated:
    """A task's evaluation, and the bundle that the gate compared with."""

    evaluation: TaskEvaluation
    decision: Decision
    incumbent: str | None


def evaluate(
    task: Task,
    workspace: Workspace,
    features: FeaturesRef,
    folds: FoldsRef,
    models: Sequence[ModelRef],
    *,
    opponent: str | None,
) -> Evaluated:
    """Everything that a report shows about one task. The test part is looked at here, and nowhere before."""
    params, data = workspace.params(), load(task, workspace, features, folds, groups=True)
    bundles = {
        model.key: load_bundle(workspace.store, model.bundle, threads=params.training.threads)
        for model in models
        if model.bundle
    }
    predicted = {key: bundle.predict(data.test.X) for key, bundle in bundles.items()}
    train_base, test_base = baseline_predictions(data) if len(data.train.y) else ({}, {})
    scorer = _Scorer(data, params)
    ranking = rank([_result(model) for model in models], task=task)
    chosen = next((model.bundle for model in models if model.key == ranking.champion), None)
    decision = _gate(workspace, data, features.names, chosen, opponent, predicted.get(ranking.champion or ""), params)
    before = TaskEvaluation(
        task=task,
        severity_kind=features.severity_kind,  # type: ignore[arg-type]  # one of the two kinds, or none
        horizon=features.delivery.horizon,
        train=_part(data, "train"),
        test=_part(data, "test"),
        flow=(*features.steps, *folds.steps),
        rows=tuple(_row(model, scorer.test(predicted.get(model.key), model.threshold)) for model in models),
        baselines={
            key: {"cv": scorer.train(train_base[key]), "test": scorer.test(test_base[key], None) or {}}
            for key in train_base
        },
        ranking=ranking,
        decision=decision if chosen else None,
    )
    rows = ScoredRows(data.test.X, data.test.y, data.test.participant, predicted | test_base, _dimensions(data))
    best = bundles.get(ranking.champion or "")
    return Evaluated(
        assemble(before, rows, predict=best.predict if best else None, inputs=_inputs(features.names)),
        decision,
        opponent,
    )


def incumbent_of(workspace: Workspace, task: Task) -> str | None:
    """The bundle that serves the task now."""
    pointer = read_pointer(workspace.store)
    place = pointer.tasks.get(task)
    return place.champion if place else None


def opponent_of(workspace: Workspace, task: Task, models: Sequence[ModelRef]) -> str | None:
    """The bundle that the best of `models` has to beat: who serves now, unless it is that model itself."""
    best = rank([_result(model) for model in models], task=task).champion
    incumbent = incumbent_of(workspace, task)
    return None if incumbent in {model.bundle for model in models if model.key == best} else incumbent


@dataclass(frozen=True)
class _Scorer:
    """Scores on both parts, with the same draws of participants for every model."""

    data: TaskData
    params: Params

    def train(self, prediction: Floats) -> Scores:
        return self._scores(prediction, None, self.data.train.y, self.data.train.participant)

    def test(self, prediction: Floats | None, threshold: float | None) -> Scores | None:
        if prediction is None:
            return None
        return self._scores(prediction, threshold, self.data.test.y, self.data.test.participant)

    def _scores(self, prediction: Floats, threshold: float | None, y: Floats, participant: NDArray[np.int64]) -> Scores:
        draw = resample(participant, replicates=self.params.training.replicates)
        return intervals(draws(self.data.task, y, prediction, draw, threshold=threshold))


def _gate(
    workspace: Workspace,
    data: TaskData,
    names: tuple[str, ...],
    chosen: str | None,
    opponent: str | None,
    candidate: Floats | None,
    params: Params,
) -> Decision:
    if chosen is None or candidate is None:
        return Decision(False, "refused", ("No model met the bar.",))
    old = None
    if opponent is not None:
        old = _old_prediction(load_bundle(workspace.store, opponent), data, names)
    return gate(
        data.task,
        data.test.y,
        candidate,
        old,
        data.test.participant,
        settings=params.promotion,
    )


def _old_prediction(bundle: Bundle, data: TaskData, names: tuple[str, ...]) -> Floats:
    """What the incumbent says of the same rows; a field that this diary lacks is null to it, as it was not asked."""
    missing = [name for name in bundle.manifest.features if name not in names]
    nulls = np.full((len(data.test.y), len(missing)), np.nan, dtype=np.float32)
    return bundle.predict_from(np.hstack([data.test.X, nulls]), (*names, *missing))


def _result(model: ModelRef) -> Result:
    return Result(model.key, scores(model.cv), scores(model.lead), model.flags, model.error)


def scores(figures: Figures) -> Scores:
    """The inverse of `defs.training.figures`."""
    return {name: Interval(*(np.nan if end is None else end for end in found)) for name, found in figures.items()}


def _row(model: ModelRef, test: Scores | None) -> ModelRow:
    return ModelRow(
        key=model.key,
        used=model.used,
        seconds=model.seconds,
        cv=scores(model.cv) if model.cv else None,
        train=scores(model.train) if model.train else None,
        test=test,
        flags=model.flags,
        error=model.error,
        bundle=model.bundle,
        params=model.params,
        threshold=model.threshold,
        conformal=Conformal(*model.conformal) if model.conformal else None,
    )


def _part(data: TaskData, which: str) -> Part:
    rows = data.train if which == "train" else data.test
    frame = data.train_frame if which == "train" else data.test.frame
    days = frame["date"].dropna()
    return Part(
        rows=len(rows.y),
        participants=int(np.unique(rows.participant).size),
        events=int(rows.y.sum()) if data.task == "attack" else None,
        first_day=f"{days.min():%Y-%m-%d}" if len(days) else None,
        last_day=f"{days.max():%Y-%m-%d}" if len(days) else None,
    )


def _dimensions(data: TaskData) -> dict[str, Objects]:
    frame = data.test.frame
    found: dict[str, Objects] = {}
    for column, title in GROUPS.items():
        values = frame[column]
        found[title] = age_band(values.to_numpy(np.float64)) if column == "group_age" else values.to_numpy(object)
    return found


def _inputs(names: tuple[str, ...]) -> Mapping[str, tuple[int, ...]]:
    fields = {row.name: row.inputs for row in engine.FEATURES}
    return groups_by_field(names, {name: fields[name] for name in names})
