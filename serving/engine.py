"""Answers: what the models' numbers mean for a person, with warnings and reasons.

Here belongs the composition. Not here: arrays (`scoring`), intervals (`intervals`), reasons (`explain`), HTTP (`app`).
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core import features
from migraine_assets.core.contract import ATTACK
from serving.answers import (
    Attack,
    Band,
    BaseRate,
    ModelIdentity,
    Prediction,
    Severity,
    TaskModels,
    TaskReasons,
    Warning,
)
from serving.cases import Case
from serving.columns import FIELD_OF, ORDER
from serving.explain import explain
from serving.intervals import severity_interval
from serving.models import ModelSet
from serving.problems import Refused
from serving.scoring import Rows, Score, features_of, score
from serving.served import HISTORY, Served

_ATTACKS, _OBSERVED, _RATE = (features.NAMES.index(name) for name in ("attacks_28d", HISTORY, "personal_rate"))


@dataclass(frozen=True, eq=False)
class Outcome:
    """An answer and what it was made of. `out_of_range`: fields, as counted."""

    prediction: Prediction
    case: Case
    scores: Mapping[str, Score]
    out_of_range: tuple[str, ...]


def answer(
    models: ModelSet,
    cases: Sequence[Case],
    *,
    make_id: Callable[[], str],
    secret: bytes,
    least_days: int = 0,
    compute: Callable[[int], Rows] | None = None,
) -> list[Outcome]:
    """The answer to every case, in order. Raises `Refused` (503) where no model for attacks serves.

    `compute` gives the features float32[len(cases), features] for a horizon where the cases do not hold their history.
    """
    if not models.ready:
        raise Refused("not-ready", " ".join(models.problems), headers={"Retry-After": "5"})
    if not cases:
        return []
    horizon = models.tasks["attack"].champion.manifest.horizon
    computed = compute(horizon) if compute else features_of(cases, horizon=horizon)
    scored = {
        task: score(task, model, cases, computed, secret=secret, least_days=least_days)
        for task, model in models.tasks.items()
        if model.champion.manifest.horizon == horizon
    }
    beyond = _beyond([found.served for found in scored["attack"]], computed)
    return [
        _outcome(models, case, computed[k], {task: all_[k] for task, all_ in scored.items()}, beyond[k], make_id())
        for k, case in enumerate(cases)
    ]


def _outcome(
    models: ModelSet, case: Case, row: Rows, scores: Mapping[str, Score], beyond: tuple[str, ...], identity: str
) -> Outcome:
    attack, severity = scores["attack"], scores.get("severity")
    prediction = Prediction(
        prediction_id=identity,
        for_date=(case.last_day + dt.timedelta(days=attack.served.manifest.horizon)).isoformat(),
        abstained=attack.output is None,
        attack=_attack(attack, row),
        severity=None if severity is None else _severity(severity),
        reasons=_reasons(case, scores) if case.explain else None,
        model=TaskModels(_identity(attack), _identity(severity)),
        warnings=_warnings(models, case, row, scores, beyond),
    )
    return Outcome(prediction, case, scores, beyond)


def _identity(found: Score | None) -> ModelIdentity | None:
    return found.served.identities[found.arm] if found else None


def _attack(found: Score, row: Rows) -> Attack | None:
    if found.output is None:
        return None
    p = min(max(found.output, 0.0), 1.0)
    threshold = 0.5 if found.served.manifest.threshold is None else found.served.manifest.threshold
    interval = found.served.band.around(p) if found.served.band else None
    return Attack(p, risk_band(p, threshold), threshold, _base_rate(row), interval)


def risk_band(p: float, threshold: float) -> Band:
    """The band of probability `p` where attacks are announced from `threshold` on."""
    if p >= (1 + threshold) / 2:
        return "very_high"
    if p >= threshold:
        return "high"
    return "moderate" if p >= threshold / 2 else "low"


def _base_rate(row: Rows) -> BaseRate | None:
    observed = float(row[_OBSERVED])
    return BaseRate(float(row[_RATE]), int(row[_ATTACKS]), int(observed)) if observed > 0 else None


def _severity(found: Score) -> Severity | None:
    if found.output is None:
        return None
    manifest = found.served.manifest
    kind = "burden" if manifest.severity_kind == "burden" else "severity"
    return Severity(found.output, severity_interval(found.output, manifest), kind)  # type: ignore[arg-type]


def _reasons(case: Case, scores: Mapping[str, Score]) -> TaskReasons:
    given = frozenset(FIELD_OF[ORDER[place]] for place in np.flatnonzero(case.given).tolist())
    found = {
        task: explain(made.served, made.row, prediction=made.output, given=given)
        for task, made in scores.items()
        if made.output is not None
    }
    return TaskReasons(found.get("attack"), found.get("severity"))


def _beyond(served: Sequence[Served], computed: Rows) -> list[tuple[str, ...]]:
    """For each row the fields whose value today is outside what the training of its model saw."""
    found: list[tuple[str, ...]] = [()] * len(served)
    for model in set(served):
        mine = [k for k, other in enumerate(served) if other is model]
        today = computed[mine][:, model.fenced]
        outside = (today < model.low) | (today > model.high)
        for place in np.flatnonzero(outside.any(axis=1)).tolist():
            found[mine[place]] = tuple(model.fields[k] for k in np.flatnonzero(outside[place]).tolist())
    return found


def _warnings(
    models: ModelSet, case: Case, row: Rows, scores: Mapping[str, Score], beyond: tuple[str, ...]
) -> list[Warning]:
    warnings = []
    attack = scores["attack"]
    if attack.output is None:
        warnings.append(_too_little(attack, row))
    if beyond:
        text = "Far outside what the model saw in training: the prediction is an extrapolation."
        warnings.append(Warning("out_of_range", text, list(beyond)))
    if unused := _unused(case.given, scores):
        warnings.append(Warning("unused_fields", "The current model does not use these fields.", list(unused)))
    if case.changed:
        text = "Set to the limit that training used, or left out because they cannot be true together."
        warnings.append(Warning("value_limited", text, list(case.changed)))
    if "severity" not in scores:
        warnings.append(_no_severity(models))
    if not all(found.served.same_features_code for found in scores.values()):
        text = "The model was trained with another version of the features' code: its figures may differ."
        warnings.append(Warning("other_features_code", text))
    return warnings


def _too_little(found: Score, row: Rows) -> Warning:
    if not found.needed:
        return Warning("too_little_history", "Nothing that the model uses is known of this day, so it does not guess.")
    text = (
        f"Attacks are known for {int(row[_OBSERVED])} of the last 28 days and the model needs "
        f"{found.needed}, so it does not guess. Send more days that say whether there was an attack."
    )
    return Warning("too_little_history", text, [ATTACK])


def _unused(given: NDArray[np.bool_], scores: Mapping[str, Score]) -> tuple[str, ...]:
    return _outside(given.tobytes(), *(found.served.used.tobytes() for found in scores.values()))


@lru_cache(maxsize=4096)
def _outside(given: bytes, *used: bytes) -> tuple[str, ...]:
    """The fields that are given and that no model uses: the same few answers for most people of an app."""
    known = np.logical_or.reduce([np.frombuffer(mask, dtype=np.bool_) for mask in used])
    unused = np.frombuffer(given, dtype=np.bool_) & ~known
    return tuple(FIELD_OF[ORDER[place]] for place in np.flatnonzero(unused).tolist())


def _no_severity(models: ModelSet) -> Warning:
    if "severity" in models.tasks:
        return Warning("other_horizon", "The severity model predicts another day than the attack model.")
    return Warning("no_model", "No model for the severity serves.")
