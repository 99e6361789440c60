"""From a finding to a Dagster check: a blocking finding is an error, any other one a warning."""

import dagster as dg
import pytest

from migraine_assets.core.evaluation.flags import Flag
from migraine_assets.core.models.catalogue import find
from migraine_assets.core.quality.finding import finding
from migraine_assets.defs.assets.train import failed
from migraine_assets.defs.checks.findings import Declared, results, specs
from migraine_assets.defs.checks.models import CHECKS, model_check_results, model_check_specs

KEY = dg.AssetKey(["classifiers", "knn"])


@pytest.mark.parametrize(("blocking", "severity"), [(True, "ERROR"), (False, "WARN")])
def test_only_a_blocking_finding_is_an_error(blocking: bool, severity: str) -> None:
    refused = finding("tidy", ["A mess."], success="Tidy.", blocking=blocking, columns=("what",), rows=[("dust",)])
    (result,) = results("raw_diary", [refused])
    assert (result.passed, result.severity.value, result.description) == (False, severity, "A mess.")
    assert result.metadata["figures"].value.records[0].data == {"what": "dust"}


def test_specs_say_what_can_block() -> None:
    declared = (Declared("a", "A.", can_block=True), Declared("b", "B.", can_block=False))
    assert [(spec.name, spec.blocking) for spec in specs("raw_diary", declared)] == [("a", True), ("b", False)]
    (spec, _) = specs("validated_diary", declared, also_reads=["quarantined_rows"])
    assert [dep.asset_key.to_user_string() for dep in spec.additional_deps] == ["quarantined_rows"]


def _model(*flags: Flag) -> dict[str, dg.AssetCheckResult]:
    import dataclasses

    model = dataclasses.replace(failed(find("attack", "knn"), ""), error=None, bundle="b", flags=flags)
    return {result.check_name: result for result in model_check_results(model, KEY)}


def test_a_model_without_flags_passes_everything() -> None:
    assert all(result.passed for result in _model().values())
    assert len(_model()) == len(CHECKS) + 1 == len(model_check_specs(KEY))
    assert not any(spec.blocking for spec in model_check_specs(KEY)), "one model stops no other"


@pytest.mark.parametrize(
    ("flag", "check"),
    [
        ("overfitting", "no_overfitting"),
        ("underfitting", "no_underfitting"),
        ("worse_than_base_rate", "better_than_base_rate"),
        ("not_better_than_persistence", "better_than_persistence"),
        ("worse_than_personal_rate", "better_than_personal_rate"),
        ("calibration_slope", "calibrated"),
        ("calibration_intercept", "calibrated"),
        ("too_good_to_be_true", "not_too_good_to_be_true"),
    ],
)
@pytest.mark.parametrize("bars", [True, False])
def test_a_flag_fails_its_check_and_no_other(flag: str, check: str, bars: bool) -> None:
    by_name = _model(Flag(flag, "A reason.", bars=bars))
    assert [name for name, result in by_name.items() if not result.passed] == [check]
    assert by_name[check].description == "A reason."
    assert by_name[check].severity.value == ("ERROR" if bars else "WARN")


@pytest.mark.parametrize("check", ["overfitting", "underfitting", "not_better_than_personal_rate"])
def test_a_note_fails_no_check_and_is_described(check: str) -> None:
    by_name = _model(Flag(check, "As good as the diary allows.", note=True))
    assert all(result.passed for result in by_name.values())
    assert "As good as the diary allows." in {result.description for result in by_name.values()}


def test_a_model_that_failed_says_why() -> None:
    by_name = {
        result.check_name: result for result in model_check_results(failed(find("attack", "knn"), "Broken."), KEY)
    }
    assert by_name["trained"].description == "Broken."
    assert [name for name, result in by_name.items() if not result.passed] == ["trained"], "one cause is one alert"
