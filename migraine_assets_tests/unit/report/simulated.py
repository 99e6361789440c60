"""An evaluation from simulated predictions: real metrics, flags, ranking and assembly, no model and no file."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.evaluation.baselines import BASELINES
from migraine_assets.core.evaluation.champion_analysis import ScoredRows, assemble
from migraine_assets.core.evaluation.data_flow import FlowStep
from migraine_assets.core.evaluation.flags import attack_flags, severity_flags
from migraine_assets.core.evaluation.results import ModelRow, Part, TaskEvaluation
from migraine_assets.core.evaluation.selection import Decision, Result, lead, rank
from migraine_assets.core.evaluation.subgroups import age_band
from migraine_assets.core.metrics.bootstrap import Draws, Resample, resample
from migraine_assets.core.metrics.interval import Interval
from migraine_assets.core.metrics.metrics import attack_draws, intervals, severity_draws
from migraine_assets.core.models.calibration import Conformal
from migraine_assets.core.tasks import Task
from migraine_assets.report.run_info import RunFacts

Floats = NDArray[np.float64]

CLASSIFIERS = {
    "logistic_regression": 0.55,
    "random_forest": 0.6,
    "gradient_boosting": 0.75,
    "xgboost": 0.8,
    "lightgbm": 0.7,
    "svm": 1.0,
    "knn": 1.6,
    "naive_bayes": 1.3,
}
REGRESSORS = {
    "linear": 0.5,
    "ridge": 0.45,
    "lasso": 0.55,
    "elastic_net": 0.5,
    "random_forest": 0.6,
    "gradient_boosting": 0.8,
    "xgboost": 0.9,
    "lightgbm": 0.7,
}
FACTS = RunFacts(
    run_id="0b8e2f6c",
    created="2024-05-01T09:30:00+00:00",
    source="synthetic",
    description="Synthetic cohort: 200 participants, 180 days, seed 7.",
    command="make run SOURCE=synthetic",
    data_version="9c1185a5c5e9fc54612808977ee8f548",
    code_version="features 5d41402a",
    seed=7,
    parameters={"participants": "200", "days": "180"},
    libraries={"scikit-learn": "1.9.1", "numpy": "2.3"},
    notes=("Column 'mood_diary' is not in the contract and was kept out.",),
)
TYPES = np.array(["aura", "no_aura", "no_aura", None], dtype=object)
THRESHOLD = 0.3
INPUTS = {"personal_rate": (0,), "stress_level": (1,), "sleep_hours": (2,), "humidity": (3,)}
FLOW = (
    FlowStep("Delivered", 32_614, 200, "1 file"),
    FlowStep("Quarantined", 41, 12, "out of bounds or contradictory; kept apart with their reasons"),
    FlowStep("Accepted", 32_573, 200),
    FlowStep("Labelled for tomorrow", 29_120, 200, "the next day is in the diary"),
)


def _sigmoid(x: Floats) -> Floats:
    return 1 / (1 + np.exp(-x))


class Cohort:
    """Simulated participants with different attack rates and a small day-to-day effect."""

    def __init__(self, participants: int, days: int, seed: int) -> None:
        generator = np.random.default_rng(seed)
        self.generator = generator
        self.participant = np.repeat(np.arange(participants), days)
        n = self.participant.size
        self.personal = np.repeat(generator.normal(-1.3, 0.9, participants), days)
        self.X = generator.normal(size=(n, 4)).astype(np.float32)
        self.X[:, 3] = np.nan
        self.X[:, 0] = self.personal
        self.truth = self.personal + 0.5 * self.X[:, 1].astype(np.float64)
        self.attack = (generator.random(n) < _sigmoid(self.truth)).astype(np.float64)
        self.severity = np.clip(np.round(5.5 + 0.6 * self.truth + generator.normal(0, 1.8, n)), 0, 10)
        age = np.repeat(generator.normal(46, 14, participants).clip(12, 90), days)
        self.dimensions = {
            "Sex": np.repeat(np.where(np.arange(participants) % 6 == 0, "M", "F").astype(object), days),
            "Age": age_band(age),
            "Migraine type": np.repeat(TYPES[np.arange(participants) % 4], days),
        }

    def guess(self, noise: float, *, severity: bool) -> Floats:
        """Return the predictions of a model with this much noise."""
        score = self.truth + self.generator.normal(0, noise, self.truth.size)
        return 5.5 + 0.5 * score if severity else _sigmoid(0.9 * score)

    def baselines(self, *, severity: bool) -> dict[str, Floats]:
        """Return the predictions of the three baselines."""
        flat = np.full(self.truth.size, self.severity.mean() if severity else self.attack.mean())
        own = 5.5 + 0.5 * self.personal if severity else _sigmoid(self.personal)
        shifted = np.roll(self.severity if severity else np.where(self.attack == 1, 0.45, 0.2), 1)
        return {"base_rate": flat, "persistence": shifted, "personal_rate": own}


def attack_evaluation(
    *, participants: int = 30, days: int = 40, failed: Mapping[str, str] | None = None
) -> TaskEvaluation:
    """Return an evaluation of eight classifiers on simulated participants; `failed` maps models to their errors."""
    return _evaluation("attack", CLASSIFIERS, participants=participants, days=days, failed=failed or {})


def severity_evaluation(
    *, participants: int = 30, days: int = 12, failed: Mapping[str, str] | None = None
) -> TaskEvaluation:
    """Return an evaluation of eight regressors on simulated attack days; `failed` maps models to their errors."""
    return _evaluation("severity", REGRESSORS, participants=participants, days=days, failed=failed or {})


def _evaluation(
    task: Task, models: Mapping[str, float], *, participants: int, days: int, failed: Mapping[str, str]
) -> TaskEvaluation:
    trained_models = {key: noise for key, noise in models.items() if key not in failed}
    cv, test = (
        _Scored(task, trained_models, Cohort(3 * participants, days, 1)),
        _Scored(task, trained_models, Cohort(participants, days, 2)),
    )
    trained = [_trained(task, key, cv, test) for key in trained_models]
    failures = [
        (ModelRow(key, key, 0.2, None, None, None, error=why), Result(key, {}, {}, failed=why))
        for key, why in failed.items()
    ]
    rows, results = zip(*trained, *failures, strict=True)
    evaluation = TaskEvaluation(
        task=task,
        severity_kind="severity",
        horizon=1,
        train=cv.part("2023-01-01", "2023-09-30"),
        test=test.part("2023-10-01", "2023-12-31"),
        flow=FLOW,
        rows=rows,
        baselines={key: {"cv": cv.scores(key), "test": test.scores(key)} for key in BASELINES},
        ranking=rank(results, task=task),
        decision=Decision(True, "first", ("First champion.",)),
    )
    return assemble(evaluation, test.rows(), predict=_attack if task == "attack" else _severity, inputs=INPUTS)


class _Scored:
    """A cohort with the predictions of models and baselines, and their scores."""

    def __init__(self, task: Task, models: Mapping[str, float], cohort: Cohort) -> None:
        severity = task == "severity"
        self.task, self.cohort = task, cohort
        self.y = cohort.severity if severity else cohort.attack
        self.predictions = {key: cohort.guess(noise, severity=severity) for key, noise in models.items()}
        self.predictions |= cohort.baselines(severity=severity)
        draw = resample(cohort.participant, replicates=60)
        self.draws = {key: self._score(p, draw) for key, p in self.predictions.items()}

    def _score(self, prediction: Floats, draw: Resample) -> dict[str, Draws]:
        if self.task == "severity":
            return severity_draws(self.y, prediction, draw)
        return attack_draws(self.y, prediction, draw, threshold=THRESHOLD)

    def scores(self, key: str) -> dict[str, Interval]:
        return intervals(self.draws[key])

    def lead(self, key: str) -> dict[str, Interval]:
        return {other: lead(self.task, self.draws[key], self.draws[other]) for other in BASELINES}

    def part(self, first: str, last: str) -> Part:
        events = int(self.y.sum()) if self.task == "attack" else None
        return Part(self.y.size, int(np.unique(self.cohort.participant).size), events, first, last)

    def rows(self) -> ScoredRows:
        cohort = self.cohort
        return ScoredRows(cohort.X, self.y, cohort.participant, self.predictions, cohort.dimensions)


def _trained(task: Task, key: str, cv: _Scored, test: _Scored) -> tuple[ModelRow, Result]:
    validation, ahead = cv.scores(key), cv.lead(key)
    # One model overfits.
    optimism = 0.14 if key == "xgboost" else 0.02
    train = {name: replace(x, value=x.value + optimism) for name, x in validation.items()}
    judge = severity_flags if task == "severity" else attack_flags
    flags = judge(train=train, validation=validation, lead=ahead, horizon=1)
    row = ModelRow(
        key=key,
        used=f"{key} (simulated)",
        seconds=1.7,
        cv=validation,
        train=train,
        test=test.scores(key),
        flags=flags,
        bundle="ab12" * 16,
        params={"n_estimators": 300, "learning_rate": 0.05} if "boost" in key else {},
        threshold=THRESHOLD if task == "attack" else None,
        conformal=Conformal(0.9, 3.1) if task == "severity" else None,
    )
    return row, Result(key, validation, ahead, flags)


def _attack(X: NDArray[np.float32]) -> Floats:
    return X[:, 0].astype(np.float64) + 0.5 * X[:, 1]


def _severity(X: NDArray[np.float32]) -> Floats:
    return 5.5 + 0.5 * _attack(X)
