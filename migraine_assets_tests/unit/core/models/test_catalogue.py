"""The table of sixteen models is complete and consistent, and importing it is cheap."""

import subprocess
import sys

import pytest

from migraine_assets.core.models.catalogue import CLASSIFIERS, REGRESSORS, TABLE, find
from migraine_assets.core.models.estimator import Estimator
from migraine_assets.errors import ConfigurationError
from migraine_assets_tests.support.training_data import label


def test_there_are_eight_classifiers_and_eight_regressors() -> None:
    assert {model.key for model in CLASSIFIERS} == {
        "logistic_regression",
        "random_forest",
        "gradient_boosting",
        "xgboost",
        "lightgbm",
        "svm",
        "knn",
        "naive_bayes",
    }
    assert {model.key for model in REGRESSORS} == {
        "linear",
        "ridge",
        "lasso",
        "elastic_net",
        "random_forest",
        "gradient_boosting",
        "xgboost",
        "lightgbm",
    }
    assert len(TABLE) == 16


@pytest.mark.parametrize("model", TABLE, ids=label)
def test_every_range_is_of_a_hyperparameter_and_holds_its_default(model: Estimator) -> None:
    for item in model.space:
        default = model.defaults[item.name]
        assert item.low <= float(default) <= item.high
        assert item.integer == isinstance(default, int)
    assert model.early_stopping is None or model.early_stopping.parameter in model.defaults


@pytest.mark.parametrize("model", TABLE, ids=label)
def test_every_pipeline_begins_with_the_imputer_and_knows_what_runs(model: Estimator) -> None:
    pipeline = model.build(model.params(), 200, seed=1)
    assert next(iter(pipeline.named_steps)) == "impute"
    assert ("scale" in pipeline.named_steps) == model.scaled
    assert model.runs(200).startswith(type(pipeline[-1]).__name__)


def test_an_unknown_model_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(ConfigurationError, match=r"'attack' has no model 'xgbost': did you mean 'xgboost'"):
        find("attack", "xgbost")
    assert find("severity", "ridge").task == "severity"


def test_a_large_training_set_changes_what_runs_and_says_so() -> None:
    svm, knn, boosted = find("attack", "svm"), find("attack", "knn"), find("attack", "xgboost")
    assert svm.runs(5_000) == "SVC (RBF kernel)"
    assert svm.runs(5_001) == "Nystroem (RBF kernel) + SGDClassifier (hinge)"
    assert svm.runs(1_000_000).endswith("on 100,000 of 1,000,000 rows")
    assert knn.runs(4_000) == "NearestNeighbors"
    assert knn.runs(4_001) == "NearestNeighbors on 4,000 of 4,001 rows"
    assert boosted.runs(1_000_000) == "XGBClassifier on 250,000 of 1,000,000 rows"
    assert type(svm.build(svm.params(), 5_000, seed=1)[-1]).__name__ == "SVC"
    assert type(svm.build(svm.params(), 5_001, seed=1)[-1]).__name__ == "Pipeline"


def test_unknown_hyperparameters_are_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match=r"'knn' has no hyperparameter 'n_neighbours'.*'n_neighbors'"):
        find("attack", "knn").params({"n_neighbours": 5})


def test_reading_the_table_needs_none_of_the_training_libraries() -> None:
    heavy = "{'sklearn', 'xgboost', 'lightgbm', 'pandas'}"
    code = f"import sys, migraine_assets.core.models.catalogue; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
