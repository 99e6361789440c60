"""Each baseline matches its definition, is fitted on training rows, is calibrated, and is never null."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from migraine_assets.core.evaluation.baselines import (
    BASELINES,
    MAX_PRIOR,
    BaselineFit,
    Target,
    fit_baselines,
    predict_baseline,
    variance_components,
)

NAN = np.nan


def _columns(**values: list[float]) -> dict[str, NDArray[np.float32]]:
    return {name: np.array(column, dtype=np.float32) for name, column in values.items()}


PAST = _columns(attack_last=[1, 1, 1, 1, 0, 0, 0, 0, NAN, NAN])
ATTACKS = [1.0, 1, 1, 0, 0, 0, 0, 1, 1, 0]
WHO = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]


def test_the_base_rate_is_the_training_mean_for_everybody() -> None:
    fit = fit_baselines("attack", ATTACKS, WHO, PAST)["base_rate"]
    assert predict_baseline(fit, _columns(attack_last=[1, 0]), rows=2).tolist() == [0.5, 0.5]


def test_persistence_speaks_in_the_rates_after_each_outcome() -> None:
    """With predictions of 0 and 1, its Brier score would be so bad that every model would look good beside it."""
    fit = fit_baselines("attack", ATTACKS, WHO, PAST)["persistence"]
    assert predict_baseline(fit, _columns(attack_last=[1, 0, NAN]), rows=3).tolist() == [0.75, 0.25, 0.5]


def test_the_personal_rate_is_shrunk_towards_the_base_rate() -> None:
    fit = BaselineFit("personal_rate", "attack", 0.2, prior=7)
    columns = _columns(attacks_28d=[14, 0, NAN], observed_28d=[28, 28, 0])
    expected = [(14 + 1.4) / 35, 1.4 / 35, 0.2]
    assert predict_baseline(fit, columns, rows=3) == pytest.approx(expected)


def test_persistence_of_severity_is_the_last_one() -> None:
    fit = fit_baselines("severity", [4.0, 6.0], [0, 1], {})["persistence"]
    assert predict_baseline(fit, _columns(severity_last=[7, NAN]), rows=2).tolist() == [7, 5]


def test_the_personal_severity_is_shrunk_by_the_number_of_attacks() -> None:
    fit = BaselineFit("personal_rate", "severity", 5.0, prior=2)
    columns = _columns(severity_mean_28d=[8, 8, NAN], attacks_28d=[1, 6, 3])
    assert predict_baseline(fit, columns, rows=3) == pytest.approx([6, 7.25, 5])


def test_burden_is_in_days_of_a_week() -> None:
    fits = fit_baselines("burden", [7.0, 7, 6, 7, 0, 1, 0, 0], [0, 0, 0, 0, 1, 1, 1, 1], {})
    last_week = predict_baseline(fits["persistence"], _columns(attacks_7d=[3, NAN]), rows=2)
    assert last_week.tolist() == [3, 3.5]
    columns = _columns(attacks_28d=[28, 0, NAN], observed_28d=[28, 28, 0])
    always, never, unknown = predict_baseline(fits["personal_rate"], columns, rows=3)
    assert unknown == pytest.approx(3.5)
    assert 6.5 < always < 7
    assert 0 < never < 0.5


def test_absent_columns_mean_an_unknown_past() -> None:
    """A flat table has no history, so all three baselines predict the base rate."""
    for fit in fit_baselines("attack", ATTACKS, range(10), {}).values():
        assert predict_baseline(fit, {}, rows=2).tolist() == [0.5, 0.5]


def test_alike_participants_are_shrunk_hard_and_unlike_ones_little() -> None:
    generator = np.random.default_rng(1)
    who = np.repeat(np.arange(60), 50)
    alike = (generator.random(who.size) < 0.3).astype(np.float64)
    unlike = (generator.random(who.size) < np.repeat(generator.beta(1, 2, 60), 50)).astype(np.float64)
    prior = [fit_baselines("attack", y, who, {})["personal_rate"].prior for y in (alike, unlike)]
    assert prior[0] > 50
    assert prior[1] == pytest.approx(3, abs=1.5)  # beta(1, 2) has the weight of three days


def test_the_severity_prior_is_the_ratio_of_variances() -> None:
    generator = np.random.default_rng(1)
    who = np.repeat(np.arange(1000), 30)
    y = 5 + np.repeat(generator.normal(0, 1, 1000), 30) + generator.normal(0, 2, who.size)
    assert fit_baselines("severity", y, who, {})["personal_rate"].prior == pytest.approx(4, abs=1)


def test_variance_components_recover_what_was_put_in_with_unequal_diaries() -> None:
    generator = np.random.default_rng(0)
    who = np.repeat(np.arange(400), generator.integers(2, 40, 400))
    y = generator.normal(0, 2, 400)[who] + generator.normal(0, 3, who.size)
    assert variance_components(y, who) == pytest.approx((4, 9), rel=0.15)


@pytest.mark.parametrize("who", [[0, 0, 0, 0], [0, 1, 2, 3]])
def test_without_repeated_days_or_other_people_the_prior_is_the_largest(who: list[int]) -> None:
    fit = fit_baselines("attack", [0.0, 1, 0, 1], who, {})["personal_rate"]
    assert fit.prior == MAX_PRIOR


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(["attack", "severity", "burden"]))
def test_a_prediction_is_never_null_and_in_range(data: st.DataObject, target: Target) -> None:
    high = {"attack": 1, "severity": 10, "burden": 7}[target]
    rows = data.draw(st.integers(1, 12))

    def column(least: int, most: int) -> list[float]:
        return data.draw(st.lists(st.sampled_from([NAN, *range(least, most + 1)]), min_size=rows, max_size=rows))

    observed = np.array(column(0, 28), dtype=np.float32)
    attacks = np.minimum(np.array(column(0, 28), dtype=np.float32), np.nan_to_num(observed))
    columns = _columns(
        attack_last=column(0, 1),
        attacks_7d=column(0, 7),
        severity_last=column(0, 10),
        severity_mean_28d=column(0, 10),
    ) | {"observed_28d": observed, "attacks_28d": attacks}
    y = data.draw(st.lists(st.integers(0, high).map(float), min_size=rows, max_size=rows))
    who = data.draw(st.lists(st.integers(0, 2), min_size=rows, max_size=rows))
    fits = fit_baselines(target, y, who, columns)
    assert tuple(fits) == BASELINES
    for fit in fits.values():
        predicted = predict_baseline(fit, columns, rows=rows)
        assert predicted.shape == (rows,)
        assert ((predicted >= 0) & (predicted <= high)).all()


def test_the_personal_rate_of_a_window_is_as_frequent_as_the_outcome_and_keeps_its_order() -> None:
    """Attacks of a participant are correlated, so three days are equivalent to fewer than three independent ones."""
    rng = np.random.default_rng(2)
    rate = np.repeat(rng.beta(2, 8, 200), 40)
    columns = {"attacks_28d": rng.binomial(28, rate).astype(np.float32), "observed_28d": np.full(rate.size, 28.0)}
    y = (rng.random(rate.size) < 1 - (1 - rate) ** 2).astype(float)
    own = fit_baselines("attack", y, np.repeat(np.arange(200), 40), columns, one_day=False)["personal_rate"]
    prediction = predict_baseline(own, columns, rows=y.size)
    assert prediction.mean() == pytest.approx(y.mean(), abs=1e-6)
    assert own.days == pytest.approx(2, abs=0.15)
    assert (np.diff(prediction[np.argsort(columns["attacks_28d"], kind="stable")]) >= 0).all()
    assert predict_baseline(own, {}, rows=1) < y.mean() * 1.2, "somebody without a history has about the base rate"
