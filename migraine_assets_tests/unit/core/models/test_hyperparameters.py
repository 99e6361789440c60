"""Unknown names and invalid values of hyperparameters are refused by name, not ignored."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migraine_assets.core.models.hyperparameters import Params, Range, resolve
from migraine_assets.errors import ConfigurationError

DEFAULTS: Params = {"learning_rate": 0.1, "n_estimators": 100, "solver": "lbfgs"}


def test_overrides_replace_defaults_and_keep_the_order() -> None:
    resolved = resolve("xgboost", DEFAULTS, {"n_estimators": 50.0, "learning_rate": 1})
    assert list(resolved.items()) == [("learning_rate", 1.0), ("n_estimators", 50), ("solver", "lbfgs")]
    assert isinstance(resolved["n_estimators"], int)
    assert isinstance(resolved["learning_rate"], float)


def test_an_unknown_name_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(ConfigurationError, match=r"'xgboost' has no hyperparameter 'learning_rat'.*'learning_rate'"):
        resolve("xgboost", DEFAULTS, {"learning_rat": 0.1})


def test_a_name_near_to_nothing_is_refused_with_all_names() -> None:
    with pytest.raises(ConfigurationError, match="it takes learning_rate, n_estimators, solver"):
        resolve("xgboost", DEFAULTS, {"zzz": 0.1})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate", -0.1),
        ("learning_rate", float("nan")),
        ("learning_rate", float("inf")),
        ("learning_rate", "fast"),
        ("learning_rate", True),
        ("learning_rate", None),
        ("n_estimators", 0),
        ("n_estimators", 10.5),
        ("n_estimators", "10"),
        ("solver", 3),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(name: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=name):
        resolve("xgboost", DEFAULTS, {name: value})


@settings(max_examples=50)
@given(
    low=st.floats(1e-3, 1.0), factor=st.floats(1.0, 1e3), log=st.booleans(), whole=st.booleans(), seed=st.integers(0, 9)
)
def test_a_draw_stays_in_its_range(low: float, factor: float, log: bool, whole: bool, seed: int) -> None:
    drawn = Range("x", low, low * factor, log=log, integer=whole).draw(np.random.default_rng(seed))
    slack = 0.5 if whole else 0.005 * low * factor
    assert low - slack <= drawn <= low * factor + slack
    assert isinstance(drawn, int) == whole
