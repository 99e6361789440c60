"""The sixteen models: one table.

Here belong names, defaults, search ranges, size limits and the sentence that says what happens above them. Not
here: the library calls (`core.models.builders`), fitting and calibration (`core.models.training`), export
(`stores.bundles.export.export`).
"""

from migraine_assets.core.models import builders, raw_scores
from migraine_assets.core.models import tree_defaults as trees
from migraine_assets.core.models.estimator import Estimator, Substitute
from migraine_assets.core.models.hyperparameters import Range, refuse_unknown
from migraine_assets.core.tasks import Task

_PENALTY = Range("C", 1e-3, 10)
_SHRINKAGE = Range("alpha", 1e-3, 0.5)

TABLE: tuple[Estimator, ...] = (
    Estimator(
        "logistic_regression",
        "attack",
        builders.logistic_regression,
        "LogisticRegression",
        raw_scores.decision,
        {"C": 0.05, "max_iter": 300},
        (_PENALTY,),
        scaled=True,
    ),
    Estimator(
        "random_forest",
        "attack",
        builders.forest_classifier,
        "RandomForestClassifier",
        raw_scores.vote_logit,
        trees.FOREST,
        trees.FOREST_SPACE,
        row_limit=trees.FOREST_ROWS,
        note=trees.FOREST_NOTE,
    ),
    Estimator(
        "gradient_boosting",
        "attack",
        builders.histogram_classifier,
        "HistGradientBoostingClassifier",
        raw_scores.decision,
        trees.HISTOGRAM,
        trees.HISTOGRAM_SPACE,
        row_limit=trees.BOOSTER_ROWS,
        early="max_iter",
        note="Always the histogram kind. " + trees.BOOSTER_NOTE,
    ),
    Estimator(
        "xgboost",
        "attack",
        builders.xgboost_classifier,
        "XGBClassifier",
        raw_scores.margin_xgboost,
        trees.XGBOOST,
        trees.XGBOOST_SPACE,
        row_limit=trees.BOOSTER_ROWS,
        early="n_estimators",
        note=trees.BOOSTER_NOTE,
    ),
    Estimator(
        "lightgbm",
        "attack",
        builders.lightgbm_classifier,
        "LGBMClassifier",
        raw_scores.margin_lightgbm,
        trees.LIGHTGBM,
        trees.LIGHTGBM_SPACE,
        row_limit=trees.BOOSTER_ROWS,
        early="n_estimators",
        note=trees.BOOSTER_NOTE,
    ),
    Estimator(
        "svm",
        "attack",
        builders.svc,
        "SVC (RBF kernel)",
        raw_scores.decision,
        {"C": 0.1, "gamma": 0.003, "n_components": 200},
        (Range("C", 0.01, 10), Range("gamma", 3e-4, 3e-2)),
        scaled=True,
        row_limit=100_000,
        substitute=Substitute(5_000, builders.nystroem_hinge, "Nystroem (RBF kernel) + SGDClassifier (hinge)"),
        note="Above 5,000 rows a Nystroem map of the kernel and a linear machine, on at most 100,000 rows.",
    ),
    Estimator(
        "knn",
        "attack",
        builders.neighbours,
        "NearestNeighbours",
        raw_scores.vote_logit,
        {"n_neighbors": 150},
        (Range("n_neighbors", 20, 300, integer=True),),
        scaled=True,
        row_limit=4_000,
        note="Keeps at most 4,000 reference rows, so that one prediction stays a matter of milliseconds.",
    ),
    Estimator(
        "naive_bayes",
        "attack",
        builders.naive_bayes,
        "GaussianNB",
        raw_scores.joint_log_odds,
        {"var_smoothing": 0.1},
        (Range("var_smoothing", 1e-4, 1.0),),
        scaled=True,
    ),
    Estimator("linear", "severity", builders.linear, "LinearRegression", raw_scores.value, {}, scaled=True),
    Estimator(
        "ridge",
        "severity",
        builders.ridge,
        "Ridge",
        raw_scores.value,
        {"alpha": 300.0},
        (Range("alpha", 1.0, 3e4),),
        scaled=True,
    ),
    Estimator(
        "lasso",
        "severity",
        builders.lasso,
        "Lasso",
        raw_scores.value,
        {"alpha": 0.03, "max_iter": 2000},
        (_SHRINKAGE,),
        scaled=True,
    ),
    Estimator(
        "elastic_net",
        "severity",
        builders.elastic_net,
        "ElasticNet",
        raw_scores.value,
        {"alpha": 0.05, "l1_ratio": 0.5, "max_iter": 2000},
        (_SHRINKAGE, Range("l1_ratio", 0.1, 0.9, log=False)),
        scaled=True,
    ),
    Estimator(
        "random_forest",
        "severity",
        builders.forest_regressor,
        "RandomForestRegressor",
        raw_scores.value,
        trees.FOREST,
        trees.FOREST_SPACE,
        row_limit=trees.FOREST_ROWS,
        note=trees.FOREST_NOTE,
    ),
    Estimator(
        "gradient_boosting",
        "severity",
        builders.histogram_regressor,
        "HistGradientBoostingRegressor",
        raw_scores.value,
        trees.HISTOGRAM,
        trees.HISTOGRAM_SPACE,
        row_limit=trees.BOOSTER_ROWS,
        early="max_iter",
        note="Always the histogram kind. " + trees.BOOSTER_NOTE,
    ),
    Estimator(
        "xgboost",
        "severity",
        builders.xgboost_regressor,
        "XGBRegressor",
        raw_scores.value,
        trees.XGBOOST,
        trees.XGBOOST_SPACE,
        row_limit=trees.BOOSTER_ROWS,
        early="n_estimators",
        note=trees.BOOSTER_NOTE,
    ),
    Estimator(
        "lightgbm",
        "severity",
        builders.lightgbm_regressor,
        "LGBMRegressor",
        raw_scores.value_lightgbm,
        trees.LIGHTGBM,
        trees.LIGHTGBM_SPACE,
        row_limit=trees.BOOSTER_ROWS,
        early="n_estimators",
        note=trees.BOOSTER_NOTE,
    ),
)

CLASSIFIERS: tuple[Estimator, ...] = tuple(model for model in TABLE if model.task == "attack")
REGRESSORS: tuple[Estimator, ...] = tuple(model for model in TABLE if model.task == "severity")


def find(task: Task, key: str) -> Estimator:
    """The model `key` of `task`; `ConfigurationError` names the nearest one where there is none."""
    known = {model.key: model for model in TABLE if model.task == task}
    refuse_unknown(f"The task '{task}' has no model", [key], known)
    return known[key]
