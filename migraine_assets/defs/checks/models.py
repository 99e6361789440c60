"""The checks of a trained model. They run in its training step and block nothing, so the other models continue.

Not here: the flags that the checks report (`core.evaluation.flags`).
"""

from dataclasses import dataclass

import dagster as dg

from migraine_assets.defs.refs import ModelRef


@dataclass(frozen=True)
class ModelCheck:
    """A check that fails if the model has a flag whose name starts with `flag` or ends with `_{flag}`.

    A flag that is only a note appears in the description and does not fail the check: a failed check is an alert, which
    calls for action.
    """

    name: str
    description: str
    flag: str


CHECKS = (
    ModelCheck("no_overfitting", "The training score is close to the cross-validated score.", "overfitting"),
    ModelCheck(
        "no_underfitting",
        "The cross-validated score is high enough, or as high as the baselines allow.",
        "underfitting",
    ),
    ModelCheck("better_than_base_rate", "The model is clearly better than the base rate.", "base_rate"),
    ModelCheck("better_than_persistence", "The model is clearly better than persistence ('as today').", "persistence"),
    ModelCheck("better_than_personal_rate", "The model is not worse than the personal rate.", "personal_rate"),
    ModelCheck("calibrated", "The calibration slope is close to 1 and the intercept close to 0.", "calibration"),
    ModelCheck("not_too_good_to_be_true", "No score is so high that it suggests a leak.", "too_good"),
)
TRAINED = "trained"


def model_check_specs(key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """Return the check specs of a model asset."""
    trained = dg.AssetCheckSpec(TRAINED, asset=key, description="The model was fitted, exported and verified.")
    return [trained] + [dg.AssetCheckSpec(c.name, asset=key, description=c.description) for c in CHECKS]


def model_check_results(model: ModelRef, key: dg.AssetKey) -> list[dg.AssetCheckResult]:
    """Return one result per check. If training failed, only `trained` fails: the others have nothing to examine."""
    trained = dg.AssetCheckResult(
        passed=model.error is None, asset_key=key, check_name=TRAINED, description=model.error or "Trained."
    )
    return [trained] + [_result(model, check, key) for check in CHECKS]


def _result(model: ModelRef, check: ModelCheck, key: dg.AssetKey) -> dg.AssetCheckResult:
    flags = [flag for flag in model.flags if flag.name.startswith(check.flag) or flag.name.endswith(f"_{check.flag}")]
    bars = any(flag.bars for flag in flags)
    missing = "Not examined: the model was not trained." if model.error else ""
    return dg.AssetCheckResult(
        passed=all(flag.note for flag in flags),
        asset_key=key,
        check_name=check.name,
        severity=dg.AssetCheckSeverity.ERROR if bars else dg.AssetCheckSeverity.WARN,
        description=missing or " ".join(flag.reason for flag in flags) or check.description,
    )
