"""The evaluation of one task: score every bundle on the test part, rank the models, compare the best with the champion.

Here belong loading bundles and composing results. Not here: metrics and decisions (`core.evaluation`), pages
(`report`), the asset (`defs.assets.evaluation`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.evaluation.champion_analysis import ScoredRows, assemble
from migraine_assets.core.evaluation.cross_validation import Scorer, baseline_predictions, baseline_threshold
from migraine_assets.core.evaluation.datasets import TaskData, columns_needed, dimensions, part_of
from migraine_assets.core.evaluation.gate import gate
from migraine_assets.core.evaluation.horizons import ALGORITHM, Split, skill_by_horizon
from migraine_assets.core.evaluation.importance import groups_by_field
from migraine_assets.core.evaluation.results import HorizonSkill, ModelRow, TaskEvaluation
from migraine_assets.core.evaluation.selection import Decision, Result, rank
from migraine_assets.core.metrics.interval import Interval, Scores
from migraine_assets.core.models.calibration import Conformal
from migraine_assets.core.tasks import Task
from migraine_assets.defs.assets.train import load
from migraine_assets.defs.refs import FeaturesRef, Figures, FoldsRef, ModelRef
from migraine_assets.defs.resources import Workspace
from migraine_assets.params import Params
from migraine_assets.stores.assets import delivery_log
from migraine_assets.stores.assets.frames import read_frame
from migraine_assets.stores.bundles.bundles import Bundle, load_bundle, load_manifest
from migraine_assets.stores.bundles.manifest import Manifest
from migraine_assets.stores.registry.pointer import read_pointer
from migraine_assets.stores.simulated import SIMULATED

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Evaluated:
    """The evaluation of a task, the decision of the gate, and the bundle that the gate compared with."""

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
    """Evaluate one task. This is the first use of the test part."""
    params, data = workspace.params(), load(task, workspace, features, folds, groups=True)
    bundles = {
        model.key: load_bundle(workspace.store, model.bundle, threads=params.training.threads)
        for model in models
        if model.bundle
    }
    predicted = {key: bundle.predict(data.test.X) for key, bundle in bundles.items()}
    train_base, test_base = baseline_predictions(data) if len(data.train.y) else ({}, {})
    thresholds = {key: baseline_threshold(data, prediction) for key, prediction in train_base.items()}
    scorer = Scorer(data, params.training.replicates)
    ranking = rank([_result(model) for model in models], task=task, one_person=folds.one_person)
    best_model = next((model for model in models if model.key == ranking.champion), None)
    candidate = best_model.bundle if best_model else None
    decision = _gate(
        workspace,
        data,
        features.names,
        best_model,
        opponent,
        predicted.get(ranking.champion or ""),
        params,
        features.delivery.source,
    )
    evaluation = TaskEvaluation(
        task=task,
        severity_kind=features.severity_kind,  # type: ignore[arg-type]  # one of the two kinds, or none
        horizon=features.delivery.horizon,
        outcome=features.delivery.outcome,
        train=part_of(data, "train"),
        test=part_of(data, "test"),
        flow=(*features.steps, *folds.steps),
        rows=tuple(_row(model, scorer.test(predicted.get(model.key), model.threshold)) for model in models),
        baselines={
            key: {
                "cv": scorer.train(train_base[key], thresholds[key]),
                "test": scorer.test(test_base[key], thresholds[key]) or {},
            }
            for key in train_base
        },
        ranking=ranking,
        decision=decision if candidate else None,
        forward=folds.forward,
        one_person=data.one_person,
        horizons=_horizons(workspace, features, folds) if task == "attack" and params.evaluation.horizons else (),
    )
    rows = ScoredRows(data.test.X, data.test.y, data.test.cluster, predicted | test_base, dimensions(data))
    best = bundles.get(ranking.champion or "")
    return Evaluated(
        assemble(evaluation, rows, predict=best.predict if best else None, inputs=_inputs(features)),
        decision,
        opponent,
    )


def _horizons(workspace: Workspace, features: FeaturesRef, folds: FoldsRef) -> tuple[HorizonSkill, ...]:
    """Return the skill by horizon; empty for a same-day diary."""
    if not features.delivery.horizon:
        return ()
    params = workspace.params()
    split = read_frame(workspace.store, folds.frame, ["part", "fold"])
    return skill_by_horizon(
        read_frame(workspace.store, features.frame, columns_needed("attack", features.names)),
        features.names,
        Split(split["part"].to_numpy("int8"), split["fold"].to_numpy("int8"), folds.cut_day, folds.forward),
        features.delivery.outcome,
        params=params.hyperparameters("attack", ALGORITHM),
        seed=params.training.seed,
        replicates=params.training.replicates,
    )


def incumbent_of(workspace: Workspace, task: Task) -> str | None:
    """Return the bundle of the current champion, or None."""
    models = read_pointer(workspace.store).tasks.get(task)
    return models.champion if models else None


def opponent_of(workspace: Workspace, task: Task, folds: FoldsRef, models: Sequence[ModelRef]) -> str | None:
    """Return the bundle that the best of `models` must not lose to: the champion, or None if it is that model."""
    best = rank([_result(model) for model in models], task=task, one_person=folds.one_person).champion
    incumbent = incumbent_of(workspace, task)
    return None if incumbent in {model.bundle for model in models if model.key == best} else incumbent


def _gate(
    workspace: Workspace,
    data: TaskData,
    names: tuple[str, ...],
    candidate: ModelRef | None,
    opponent: str | None,
    prediction: Floats | None,
    params: Params,
    source: str,
) -> Decision:
    if candidate is None or candidate.bundle is None or prediction is None:
        return Decision(False, "refused", ("No model met the bar.",))
    old = None
    if opponent is not None:
        incumbent = load_bundle(workspace.store, opponent)
        if reason := _incomparable(
            workspace, incumbent, load_manifest(workspace.store, candidate.bundle), source=source
        ):
            return Decision(False, "refused", (f"{reason} To replace it anyway, run migraine promote.",))
        old = _old_prediction(incumbent, data, names)
    return gate(
        data.task,
        data.test.y,
        prediction,
        old,
        data.test.cluster,
        validation=scores(candidate.cv),
        groups=dimensions(data),
        settings=params.promotion,
    )


def _incomparable(workspace: Workspace, incumbent: Bundle, candidate: Manifest, *, source: str) -> str | None:
    """Return the reason why scores cannot compare the two bundles, or None if they can."""
    old = incumbent.manifest
    if (old.horizon, old.severity_kind) != (candidate.horizon, candidate.severity_kind):
        return "The champion predicts another target (horizon or kind of severity) than this diary has."
    if old.definition != candidate.definition:
        return (
            f"The champion predicts another outcome ({old.outcome.description}) than this model "
            f"({candidate.outcome.description})."
        )
    if source != SIMULATED:
        return None
    sources = {entry.acceptance.md5: entry.acceptance.source for entry in delivery_log.read_log(workspace.store)}
    if sources.get(old.data_version, SIMULATED) != SIMULATED:
        return "The champion was trained on real diaries, and this model on simulated ones."
    return None


def _old_prediction(bundle: Bundle, data: TaskData, names: tuple[str, ...]) -> Floats:
    """Return the champion's predictions for the same rows. A feature that this diary does not have is null."""
    missing = [name for name in bundle.manifest.names if name not in names]
    nulls = np.full((len(data.test.y), len(missing)), np.nan, dtype=np.float32)
    return bundle.predict_from(np.hstack([data.test.X, nulls]), (*names, *missing))


def _result(model: ModelRef) -> Result:
    return Result(model.key, scores(model.cv), scores(model.lead), model.flags, model.error)


def scores(figures: Figures) -> Scores:
    """Return the scores that `defs.assets.train.figures` has turned into `figures`."""
    return {name: Interval(*(np.nan if end is None else end for end in triple)) for name, triple in figures.items()}


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


def _inputs(features: FeaturesRef) -> Mapping[str, tuple[int, ...]]:
    """Return the columns of the features of each diary field."""
    return groups_by_field(features.names, {name: features.recipe.inputs[name] for name in features.names})
