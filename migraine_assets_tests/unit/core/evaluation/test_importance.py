"""The importance of an input is the loss of the model without it; inputs of a group are shuffled together."""

import math

import numpy as np
import pytest

from migraine_assets.core.evaluation.importance import Floats, Matrix, groups_by_field, permutation_importance

ROWS = 400


def _mean_absolute(y: Floats, prediction: Floats) -> float:
    return float(np.abs(y - prediction).mean())


def _data() -> tuple[Matrix, Floats]:
    X = np.random.default_rng(3).normal(size=(ROWS, 4)).astype(np.float32)
    X[:, 3] = np.nan
    return X, _model(X)


def _model(X: Matrix) -> Floats:
    wide = X.astype(np.float64)
    return 3.0 * wide[:, 0] + wide[:, 1]


def test_inputs_are_ordered_by_how_much_their_loss_hurts() -> None:
    X, y = _data()
    groups = {"weak": (1,), "strong": (0,), "unused": (2,)}
    importance = permutation_importance(_model, X, y, groups=groups, loss=_mean_absolute, seed=1)
    assert [item.name for item in importance] == ["strong", "weak", "unused"]
    assert importance[0].low <= importance[0].rise <= importance[0].high
    assert importance[1].low > 0
    assert importance[2].rise == 0


def test_a_constant_or_null_input_is_worth_nothing_and_costs_no_prediction() -> None:
    X, y = _data()
    sizes: list[int] = []

    def counted(rows: Matrix) -> Floats:
        sizes.append(len(rows))
        return _model(rows)

    importance = permutation_importance(counted, X, y, groups={"null": (3,)}, loss=_mean_absolute, seed=1)
    assert (importance[0].rise, importance[0].low, importance[0].high) == (0.0, 0.0, 0.0)
    assert sizes == [ROWS]


def test_inputs_that_say_the_same_are_excused_alone_but_not_together() -> None:
    X, y = _data()
    X[:, 2] = X[:, 0]

    def either(rows: Matrix) -> Floats:
        return 1.5 * rows[:, 0] + 1.5 * rows[:, 2] + rows[:, 1].astype(np.float64)

    alone = permutation_importance(either, X, y, groups={"one": (0,)}, loss=_mean_absolute, seed=1)
    both = permutation_importance(either, X, y, groups={"both": (0, 2)}, loss=_mean_absolute, seed=1)
    assert both[0].rise > 1.3 * alone[0].rise


def test_rows_are_bounded_and_the_seed_decides_which() -> None:
    X, y = _data()
    sizes: set[int] = set()

    def counted(rows: Matrix) -> Floats:
        sizes.add(len(rows))
        return _model(rows)

    first, again, other = (
        permutation_importance(counted, X, y, groups={"a": (0,)}, loss=_mean_absolute, seed=seed, rows=50)
        for seed in (1, 1, 2)
    )
    assert sizes == {50}
    assert first == again
    assert first != other


def test_the_callers_matrix_is_left_as_it_was() -> None:
    X, y = _data()
    before = X.copy()
    permutation_importance(_model, X, y, groups={"a": (0,)}, loss=_mean_absolute, seed=1)
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize("rows", [0, 10])
def test_nothing_is_claimed_where_the_loss_is_undefined(rows: int) -> None:
    X, y = _data()
    importance = permutation_importance(
        _model, X[:rows], y[:rows], groups={"a": (0,)}, loss=lambda *_: math.nan, seed=1
    )
    assert importance == ()


def test_columns_of_one_field_move_together_and_mixtures_stand_alone() -> None:
    names = ("stress_level", "stress_mean_7d", "stress_x_sleep", "sleep_hours", "unheard_of")
    inputs = {
        "stress_level": ("stress_level",),
        "stress_mean_7d": ("stress_level", "stress_level"),
        "stress_x_sleep": ("stress_level", "sleep_hours"),
        "sleep_hours": ("sleep_hours",),
    }
    assert groups_by_field(names, inputs) == {
        "stress_level": (0, 1),
        "stress_x_sleep": (2,),
        "sleep_hours": (3,),
        "unheard_of": (4,),
    }
