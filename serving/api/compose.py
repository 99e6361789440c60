"""Answers: what the models' numbers mean for a person, with warnings and reasons.

Here belongs the composition. Not here: arrays (`predicting`, `scoring`), intervals (`intervals`), reasons (`explain`),
HTTP (`app`).
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, get_args

import msgspec
import numpy as np

from migraine_assets.core.contract import ATTACK
from migraine_assets.core.features import engine
from serving.contract.responses import (
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
from serving.input.cases import Case
from serving.input.columns import FIELD_OF, ORDER
from serving.model.explanations import explain
from serving.model.intervals import severity_interval
from serving.model.loaded import HISTORY
from serving.model.predictor import Predicted
from serving.model.scoring import Group
from serving.model.watcher import ModelSet

# What an answer tells of a person's past: attacks and known days of the last 28, and the shrunk rate.
PAST = [engine.NAMES.index(name) for name in ("attacks_28d", HISTORY, "personal_rate")]


class Score(msgspec.Struct, frozen=True, gc=False):
    """One person, one task: the group, the place in it, and the number; None where the model abstains."""

    group: Group
    place: int
    output: float | None


def answers(models: ModelSet, cases: Sequence[Case], found: Predicted) -> list[Prediction]:
    """What each of `cases` is told of what was `found` for them, in order."""
    scores = {task: _scores(groups, len(cases)) for task, groups in found.groups.items()}
    past, beyond = found.computed[:, PAST].tolist(), found.beyond.by_person()
    return [
        _prediction(
            models, case, past[k], {task: all_[k] for task, all_ in scores.items()}, beyond.get(k, ()),
            identity=found.ids[k], for_date=found.for_dates[k],
        )
        for k, case in enumerate(cases)
    ]  # fmt: skip


def _scores(groups: Sequence[Group], count: int) -> list[Score]:
    found: list[Score] = [None] * count  # type: ignore[list-item]  # every place is in one group
    for group in groups:
        for k, (place, output) in enumerate(zip(group.places.tolist(), group.outputs.tolist(), strict=True)):
            found[place] = Score(group, k, output if output == output else None)
    return found


def _prediction(
    models: ModelSet,
    case: Case,
    past: Sequence[float],
    scores: Mapping[str, Score],
    beyond: tuple[str, ...],
    *,
    identity: str,
    for_date: str,
) -> Prediction:
    attack, severity = scores["attack"], scores.get("severity")
    return Prediction(
        prediction_id=identity,
        for_date=for_date,
        abstained=attack.output is None,
        attack=_attack(attack, past),
        severity=None if severity is None else _severity(severity),
        reasons=_reasons(case, scores) if case.explain else None,
        model=TaskModels(_identity(attack), _identity(severity)),
        warnings=_warnings(models, case, past, scores, beyond),
    )


def _identity(found: Score | None) -> ModelIdentity | None:
    return found.group.served.identities[found.group.arm] if found else None


def _attack(found: Score, past: Sequence[float]) -> Attack | None:
    if found.output is None:
        return None
    served, p = found.group.served, min(max(found.output, 0.0), 1.0)
    interval = served.band.around(p) if served.band else None
    return Attack(p, risk_band(p, served.threshold), served.threshold, _base_rate(past), interval)


BANDS: tuple[Band, ...] = get_args(Band)


def band_limits(threshold: Any) -> tuple[Any, Any, Any]:
    """From where on a risk is very high, high, moderate; `threshold`: from where attacks are announced, one or many."""
    return (1 + threshold) / 2, threshold, threshold / 2


def risk_band(p: float, threshold: float) -> Band:
    """The band of probability `p` where attacks are announced from `threshold` on."""
    very_high, high, moderate = band_limits(threshold)
    return BANDS[int(p >= moderate) + int(p >= high) + int(p >= very_high)]


def _base_rate(past: Sequence[float]) -> BaseRate | None:
    attacks, observed, rate = past
    return BaseRate(rate, int(attacks), int(observed)) if observed > 0 else None


def _severity(found: Score) -> Severity | None:
    if found.output is None:
        return None
    manifest = found.group.served.manifest
    kind = "burden" if manifest.severity_kind == "burden" else "severity"
    return Severity(found.output, severity_interval(found.output, manifest), kind)  # type: ignore[arg-type]


def _reasons(case: Case, scores: Mapping[str, Score]) -> TaskReasons:
    given = frozenset(FIELD_OF[ORDER[place]] for place in np.flatnonzero(case.given).tolist())
    found = {
        task: explain(made.group.served, made.group.rows[made.place], prediction=made.output, given=given)
        for task, made in scores.items()
        if made.output is not None
    }
    return TaskReasons(found.get("attack"), found.get("severity"))


def _warnings(
    models: ModelSet, case: Case, past: Sequence[float], scores: Mapping[str, Score], beyond: tuple[str, ...]
) -> list[Warning]:
    warnings = []
    attack = scores["attack"]
    if attack.output is None:
        warnings.append(_too_little(attack.group, past))
    if beyond:
        text = "Far outside what the model saw in training: the prediction is an extrapolation."
        warnings.append(Warning("out_of_range", text, list(beyond)))
    served = [found.group.served for found in scores.values()]
    if unused := _outside(case.given.tobytes(), *[model.used_key for model in served]):
        warnings.append(unused)
    if case.changed:
        text = "Set to the limit that training used, or left out because they cannot be true together."
        warnings.append(Warning("value_limited", text, list(case.changed)))
    if missing := severity_missing(models, scores):
        warnings.append(_MISSING[missing])
    if False in [model.same_features_code for model in served]:
        warnings.append(_OTHER_CODE)
    return warnings


def _too_little(group: Group, past: Sequence[float]) -> Warning:
    if not group.needed:
        return Warning("too_little_history", "Nothing that the model uses is known of this day, so it does not guess.")
    text = (
        f"Attacks are known for {int(past[1])} of the last 28 days and the model needs "
        f"{group.needed}, so it does not guess. Send more days that say whether there was an attack."
    )
    return Warning("too_little_history", text, [ATTACK])


@lru_cache(maxsize=4096)
def _outside(given: bytes, *used: bytes) -> Warning | None:
    """Of the fields that are given and that no model uses: the same few for most people of an app."""
    known = np.logical_or.reduce([np.frombuffer(mask, dtype=np.bool_) for mask in used])
    unused = np.frombuffer(given, dtype=np.bool_) & ~known
    fields = [FIELD_OF[ORDER[place]] for place in np.flatnonzero(unused).tolist()]
    return Warning("unused_fields", "The current model does not use these fields.", fields) if fields else None


def severity_missing(models: ModelSet, groups: Mapping[str, object]) -> Literal["other_horizon", "no_model"] | None:
    """Why nobody is told of a severity, as the code of a warning; None where they are."""
    if "severity" in groups:
        return None
    return "other_horizon" if "severity" in models.tasks else "no_model"


_OTHER_CODE = Warning(
    "other_features_code",
    "The model was trained with another version of the features' code: its figures may differ.",
)
_MISSING = {
    "other_horizon": Warning("other_horizon", "The severity model predicts another day than the attack model."),
    "no_model": Warning("no_model", "No model for the severity serves."),
}
