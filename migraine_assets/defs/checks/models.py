"""The checks on a model, evaluated in its own step: none stops anything, for the other models go on."""

from dataclasses import dataclass

import dagster as dg

from migraine_assets.defs.refs import ModelRef


@dataclass(frozen=True)
class ModelCheck:
    """A check that fails where a flag whose name begins with `flag` was raised."""

    name: str
    description: str
    flag: str


CHECKS = (
    ModelCheck("no_overfitting", "Training and cross-validated score lie close together.", "overfitting"),
    ModelCheck("no_underfitting", "The cross-validated score reaches the least that is useful.", "underfitting"),
    ModelCheck("better_than_base_rate", "Clearly better than the base rate.", "base_rate"),
    ModelCheck("better_than_persistence", "Clearly better than 'as today'.", "persistence"),
    ModelCheck("better_than_personal_rate", "Clearly better than the participant's own rate.", "personal_rate"),
    ModelCheck("calibrated", "Calibration slope near 1, intercept near 0.", "calibration"),
    ModelCheck("not_too_good_to_be_true", "No score that honest forecasts do not reach.", "too_good"),
)
TRAINED = "trained"


def model_check_specs(key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """The checks that every model has."""
    trained = dg.AssetCheckSpec(TRAINED, asset=key, description="The model was fitted, exported and verified.")
    return [trained] + [dg.AssetCheckSpec(c.name, asset=key, description=c.description) for c in CHECKS]


def model_check_results(model: ModelRef, key: dg.AssetKey) -> list[dg.AssetCheckResult]:
    """One result for each check. Where the model failed, only `trained` is an ERROR."""
    trained = dg.AssetCheckResult(
        passed=model.error is None, asset_key=key, check_name=TRAINED, description=model.error or "Trained."
    )
    return [trained] + [_result(model, check, key) for check in CHECKS]


def _result(model: ModelRef, check: ModelCheck, key: dg.AssetKey) -> dg.AssetCheckResult:
    found = [flag for flag in model.flags if flag.name.startswith(check.flag) or flag.name.endswith(f"_{check.flag}")]
    bars = any(flag.bars for flag in found)
    missing = "The model was not trained." if model.error else ""
    return dg.AssetCheckResult(
        passed=not found and model.error is None,
        asset_key=key,
        check_name=check.name,
        severity=dg.AssetCheckSeverity.ERROR if bars else dg.AssetCheckSeverity.WARN,
        description=missing or " ".join(flag.reason for flag in found) or check.description,
    )
