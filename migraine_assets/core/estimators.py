"""The sixteen models: one table.

Here belong names, defaults, search ranges, size limits and the sentence that says what happens above them. Not
here: the library calls (`core.constructors`), fitting and calibration (`core.training`), export
(`stores.onnx_export`).
"""

from migraine_assets.core import constructors, scores
from migraine_assets.core import tree_defaults as trees
from migraine_assets.core.estimator import Estimator, Substitute
from migraine_assets.core.hyperparameters import Range, refuse_unknown
from migraine_assets.core.tasks import Task

_PENALTY = Range("C", 1e-3, 10)
_SHRINKAGE = Range("alpha", 1e-3, 0.5)

TABLE: tuple[Estimator, ...] = (
    Estimator(
        "logistic_regression",
        "attack",
        constructors.logistic_regression,
        "LogisticRegression",
        scores.decision,
        {"C": 0.05, "max_iter": 300},
        (_PENALTY,),
        scaled=True,
    ),
    Estimator(
        "random_forest",
        "attack",
        constructors.forest_classifier,
        "RandomForestClassifier",
        scores.vote_logit,
        trees.FOREST,
        trees.FOREST_SPACE,
        row_limit=trees.FOREST_ROWS,
        note=trees.FOREST_NOTE,
    ),
    Estimator(
        "gradient_boosting",
        "attack",
        constructors.histogram_classifier,
        "HistGradientBoostingClassifier",
        scores.decision,
        trees.HISTOGRAM,
        trees.HISTOGRAM_SPACE,
        row_limit=trees.BOOSTER_ROWS,
        early="max_iter",
        note="Always the histogram kind. " + trees.BOOSTER_NOTE,
    ),
    Estimator(
        "xgboost",
        "attack",
        constructors.xgboost_classifier,
        "XGBClassifier",
        scores.margin_xgboost,
        trees.XGBOOST,
        trees.XGBOOST_SPACE,
        row_limit=trees.BOOSTER_ROWS,
        early="n_estimators",
        note=trees.BOOSTER_NOTE,
    ),
    Estimator(
        "lightgbm",
        "attack",
        constructors.lightgbm_classifier,
        "LGBMClassifier",
        scores.margin_lightgbm,
        trees.LIGHTGBM,
        trees.LIGHTGBM_SPACE,
        row_limit=trees.BOOSTER_ROWS,
        early="n_estimators",
        note=trees.BOOSTER_NOTE,
    ),
    Estimator(
        "svm",
        "attack",
        constructors.svc,
        "SVC (RBF kernel)",
        scores.decision,
        {"C": 0.1, "gamma": 0.003, "n_components": 200},
        (Range("C", 0.01, 10), Range("gamma", 3e-4, 3e-2)),
        scaled=True,
        row_limit=100_000,
        substitute=Substitute(5_000, constructors.nystroem_hinge, "Nystroem (RBF kernel) + SGDClassifier (hinge)"),
        note="Above 5,000 rows a Nystroem map of the kernel and a linear machine, on at most 100,000 rows.",
    ),
    Estimator(
        "knn",
        "attack",
        constructors.neighbours,
        "NearestNeighbours",
        scores.vote_logit,
        {"n_neighbors": 150},
        (Range("n_neighbors", 20, 300, integer=True),),
        scaled=True,
        row_limit=4_000,
        note="Keeps at most 4,000 reference rows, so that one prediction stays a matter of milliseconds.",
    ),
    Estimator(
        "naive_bayes",
        "attack",
        constructors.naive_bayes,
        "GaussianNB",
        scores.joint_log_odds,
        {"var_smoothing": 0.1},
        (Range("var_smoothing", 1e-4, 1.0),),
        scaled=True,
    ),
    Estimator("linear", "severity", constructors.linear, "LinearRegression", scores.value, {}, scaled=True),
    Estimator(
        "ridge",
        "severity",
        constructors.ridge,
        "Ridge",
        scores.value,
        {"alpha": 300.0},
        (Range("alpha", 1.0, 3e4),),
        scaled=True,
    ),
    Estimator(
        "lasso",
        "severity",
        constructors.lasso,
        "Lasso",
        scores.value,
        {"alpha": 0.03, "max_iter": 2000},
        (_SHRINKAGE,),
        scaled=True,
    ),
    Estimator(
        "elastic_net",
        "severity",
        constructors.elastic_net,
        "ElasticNet",
        scores.value,
        {"alpha": 0.05, "l1_ratio": 0.5, "max_iter": 2000},
        (_SHRINKAGE, Range("l1_ratio", 0.1, 0.9, log=False)),
        scaled=True,
    ),
    Estimator(
        "random_forest",
        "severity",
        constructors.forest_regressor,
        "RandomForestRegressor",
        scores.value,
        trees.FOREST,
        trees.FOREST_SPACE,
        row_limit=trees.FOREST_ROWS,
        note=trees.FOREST_NOTE,
    ),
    Estimator(
        "gradient_boosting",
        "severity",
        constructors.histogram_regressor,
        "HistGradientBoostingRegressor",
        scores.value,
        trees.HISTOGRAM,
        trees.HISTOGRAM_SPACE,
        row_limit=trees.BOOSTER_ROWS,
        early="max_iter",
        note="Always the histogram kind. " + trees.BOOSTER_NOTE,
    ),
    Estimator(
        "xgboost",
        "severity",
        constructors.xgboost_regressor,
        "XGBRegressor",
        scores.value,
        trees.XGBOOST,
        trees.XGBOOST_SPACE,
        row_limit=trees.BOOSTER_ROWS,
        early="n_estimators",
        note=trees.BOOSTER_NOTE,
    ),
    Estimator(
        "lightgbm",
        "severity",
        constructors.lightgbm_regressor,
        "LGBMRegressor",
        scores.value_lightgbm,
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
