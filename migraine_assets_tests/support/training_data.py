"""Small training sets with a known signal, and each model fitted on them once."""

import functools

import numpy as np

from migraine_assets.core.contract import ATTACK, CONTRACT, SEVERITY, Field
from migraine_assets.core.diary.cleaning import Cleaning
from migraine_assets.core.features.operations import Feature
from migraine_assets.core.features.plan import Recipe
from migraine_assets.core.models.catalogue import TABLE
from migraine_assets.core.models.estimator import Estimator
from migraine_assets.core.models.training import FittedModel, TrainingSet, fit_model
from migraine_assets.core.tasks import Task

WIDTH = 8
NAMES = tuple(f"feature_{number}" for number in range(WIDTH))
RECIPE = Recipe(
    (
        *(Field(name, "number", "exposure", f"{name}.") for name in NAMES),
        CONTRACT.by_name[ATTACK],
        CONTRACT.by_name[SEVERITY],
    ),
    Cleaning((), ()),
    (),
    tuple(Feature(name, "today", (name,), 1, f"{name}.") for name in NAMES),
)


def training_set(task: Task, *, rows: int = 500, participants: int = 40, seed: int = 0) -> TrainingSet:
    """Return eight columns: two with signal, integers and flags with ties, one constant, one all null."""
    random = np.random.default_rng(seed)
    participant = np.sort(random.integers(0, participants, rows))
    X = random.normal(size=(rows, WIDTH))
    X[:, 2] = np.round(5 + 2 * X[:, 2])
    X[:, 3] = X[:, 3] > 1
    X[:, 4] = 1013 + 8 * X[:, 4]
    signal = 1.2 * X[:, 0] - 0.8 * X[:, 1]
    X[random.random(X.shape) < 0.15] = np.nan
    X[:, 5], X[:, 6] = 3.0, np.nan
    if task == "attack":
        y = (random.random(rows) < 1 / (1 + np.exp(1.0 - signal))).astype(np.float64)
    else:
        y = np.clip(np.round(5 + signal + random.normal(size=rows)), 0, 10)
    return TrainingSet(X.astype(np.float32), NAMES, y, participant, (participant % 4).astype(np.int8))


@functools.cache
def fitted(model: Estimator) -> FittedModel:
    """Return `model` fitted with its defaults on the training set of its task."""
    return fit_model(model, training_set(model.task), seed=3)


def label(model: Estimator) -> str:
    """Return the id of a model in parametrized tests."""
    return f"{model.task}-{model.key}"


__all__ = ["NAMES", "RECIPE", "TABLE", "WIDTH", "fitted", "label", "training_set"]
