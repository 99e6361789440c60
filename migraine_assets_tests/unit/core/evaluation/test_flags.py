"""Each flag is raised exactly if its condition is met, and bars a model only if it must."""

import pytest

from migraine_assets.core.evaluation.flags import Flag, attack_flags, severity_flags
from migraine_assets.core.metrics.interval import Interval

HONEST = {
    "roc_auc": Interval(0.78, 0.75, 0.81),
    "within_person_auc": Interval(0.58, 0.55, 0.61),
    "calibration_slope": Interval(0.95, 0.85, 1.05),
    "calibration_intercept": Interval(0.02, -0.1, 0.14),
}
AHEAD = {"base_rate": Interval(0.28, 0.25, 0.31), "personal_rate": Interval(0.02, 0.01, 0.03)}


def _attack(horizon: int = 1, train: float = 0.8, **changed: Interval) -> dict[str, Flag]:
    scores = {"roc_auc": Interval(train)}
    flags = attack_flags(train=scores, validation=HONEST | changed, lead=AHEAD, horizon=horizon)
    return {flag.name: flag for flag in flags}


def _severity(r2: float, train: float, **lead: Interval) -> dict[str, Flag]:
    flags = severity_flags(
        train={"r2": Interval(train)}, validation={"r2": Interval(r2, r2 - 0.1, r2 + 0.1)}, lead=lead, horizon=1
    )
    return {flag.name: flag for flag in flags}


def test_an_honest_model_has_no_findings() -> None:
    assert _attack() == {}
    assert _severity(0.2, 0.25, base_rate=Interval(0.3, 0.1, 0.5)) == {}


@pytest.mark.parametrize(("train", "flagged"), [(0.88, False), (0.879, False), (0.89, True), (1.0, True)])
def test_overfitting_is_a_gap_above_a_tenth(train: float, flagged: bool) -> None:
    flags = _attack(train=train)
    assert ("overfitting" in flags) == flagged
    assert not flagged or not flags["overfitting"].bars


def test_overfitting_of_a_regressor_is_a_gap_in_r2() -> None:
    assert set(_severity(0.2, 0.31)) == {"overfitting"}
    assert "0.310 on training rows and 0.200 in cross-validation" in _severity(0.2, 0.31)["overfitting"].reason


def test_a_gap_that_may_be_chance_is_a_note() -> None:
    """With an R2 of 0.2 [0.1, 0.3], a gap of 0.15 to the value is a gap of 0.05 to the upper limit."""
    assert _severity(0.2, 0.35)["overfitting"].note
    assert "may be chance" in _severity(0.2, 0.35)["overfitting"].reason
    assert not _severity(0.2, 0.41)["overfitting"].note


@pytest.mark.parametrize(("value", "flagged"), [(0.70, False), (0.6999, True), (0.5, True)])
def test_underfitting_is_below_seven_tenths(value: float, flagged: bool) -> None:
    scores = {"roc_auc": Interval(value, 0.4, 0.8)}
    flags = attack_flags(train=scores, validation=HONEST | scores, lead={}, horizon=1)
    assert bool(flags) == flagged


@pytest.mark.parametrize(
    ("lead", "flagged", "note"),
    [
        (Interval(0.03, 0.01, 0.05), False, False),  # no model does better on this diary
        (Interval(0.01, -0.01, 0.03), True, True),
        (Interval(-0.01, -0.03, 0.01), True, True),
        (Interval(-0.03, -0.05, -0.01), True, False),  # a baseline is better, so the model could be
    ],
)
def test_underfitting_is_judged_against_the_best_baseline(lead: Interval, flagged: bool, note: bool) -> None:
    scores = {"roc_auc": Interval(0.66, 0.63, 0.69)}
    leads = {"base_rate": Interval(0.16, 0.13, 0.19), "personal_rate": lead}
    flags = attack_flags(train=scores, validation=HONEST | scores, lead=leads, horizon=1)
    by_name = {flag.name: flag for flag in flags}
    assert ("underfitting" in by_name) == flagged
    if flagged:
        assert by_name["underfitting"].note == note
        assert "the best baseline, the personal rate" in by_name["underfitting"].reason


def test_not_to_be_better_than_the_own_rate_is_a_note() -> None:
    same = Interval(0.0, -0.01, 0.01)
    leads = dict.fromkeys(("base_rate", "persistence", "personal_rate"), same)
    flags = {flag.name: flag for flag in attack_flags(train={}, validation=HONEST, lead=leads, horizon=1)}
    assert {name: flag.note for name, flag in flags.items()} == {
        "not_better_than_base_rate": False,
        "not_better_than_persistence": False,
        "not_better_than_personal_rate": True,
    }


def test_underfitting_of_a_regressor_is_worse_than_the_mean() -> None:
    assert "underfitting" in _severity(-0.01, 0.0)
    assert "underfitting" not in _severity(0.01, 0.0)


def test_a_score_that_cannot_be_computed_is_said() -> None:
    assert "cannot be computed" in _attack(roc_auc=Interval(float("nan")))["underfitting"].reason


@pytest.mark.parametrize(
    ("lead", "name", "bars"),
    [
        (Interval(-0.02, -0.04, -0.001), "worse_than_personal_rate", True),
        (Interval(-0.02, -0.04, 0.001), "not_better_than_personal_rate", False),
        (Interval(0.02, -0.01, 0.05), "not_better_than_personal_rate", False),
        (Interval(float("nan")), "not_better_than_personal_rate", False),
        (Interval(0.02, 0.001, 0.05), None, False),
    ],
)
def test_a_baseline_is_beaten_only_beyond_noise(lead: Interval, name: str | None, bars: bool) -> None:
    flags = attack_flags(train={"roc_auc": Interval(0.8)}, validation=HONEST, lead={"personal_rate": lead}, horizon=1)
    assert [(flag.name, flag.bars) for flag in flags] == ([(name, bars)] if name else [])
    regressor = _severity(0.2, 0.2, personal_rate=lead)
    assert list(regressor) == ([name] if name else [])


@pytest.mark.parametrize(
    ("slope", "word"),
    [
        (Interval(0.5, 0.4, 0.6), "extreme"),
        (Interval(1.6, 1.3, 1.9), "moderate"),
        (Interval(0.75, 0.7, 0.8), None),  # clearly below 1, and near enough
        (Interval(0.5, -0.2, 1.2), None),  # far off, and noise
        (Interval(float("nan")), None),
    ],
)
def test_a_calibration_slope_is_flagged_when_it_is_off_and_not_by_chance(slope: Interval, word: str | None) -> None:
    flags = _attack(calibration_slope=slope)
    assert ("calibration_slope" in flags) == (word is not None)
    assert word is None or word in flags["calibration_slope"].reason


@pytest.mark.parametrize(
    ("intercept", "word"),
    [
        (Interval(-0.5, -0.7, -0.3), "too high"),
        (Interval(0.5, 0.3, 0.7), "too low"),
        (Interval(0.2, 0.1, 0.3), None),
        (Interval(0.5, -0.1, 1.1), None),
    ],
)
def test_a_calibration_intercept_says_the_direction(intercept: Interval, word: str | None) -> None:
    flags = _attack(calibration_intercept=intercept)
    assert ("calibration_intercept" in flags) == (word is not None)
    assert word is None or word in flags["calibration_intercept"].reason


@pytest.mark.parametrize(
    ("metric", "horizon", "value", "verdict"),
    [
        ("roc_auc", 1, 0.82, None),
        ("roc_auc", 1, 0.86, "doubt"),
        ("roc_auc", 1, 0.91, "leak"),
        ("roc_auc", 0, 0.75, None),
        ("roc_auc", 0, 0.86, "doubt"),  # as on real same-day diaries if patients are split at random
        ("roc_auc", 0, 0.96, "leak"),
        ("within_person_auc", 1, 0.65, None),
        ("within_person_auc", 1, 0.75, "doubt"),
        ("within_person_auc", 1, 0.81, "leak"),
    ],
)
def test_too_good_is_doubted_and_far_too_good_barred(
    metric: str, horizon: int, value: float, verdict: str | None
) -> None:
    flags = _attack(horizon, train=value, **{metric: Interval(value, value - 0.02, value + 0.02)})
    flag = flags.get("too_good_to_be_true")
    assert (flag is None) == (verdict is None)
    assert flag is None or flag.bars == (verdict == "leak")


@pytest.mark.parametrize(("r2", "bars"), [(0.55, None), (0.7, False), (0.85, True)])
def test_a_severity_that_is_forecast_too_well_is_doubted(r2: float, bars: bool | None) -> None:
    flag = _severity(r2, r2).get("too_good_to_be_true")
    assert (flag.bars if flag else None) == bars
