"""What stands behind each model's name: one small constructor for every row of `core.models.catalogue`.

Here belongs the choice of the library class and of what is the same in every run (seed, threads, determinism).
Not here: defaults and limits (`core.models.catalogue`), fitting (`core.models.training`). The libraries are imported
inside the functions: a reader of the table needs none of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Setup:
    """What a constructor may depend on: hyperparameters, the number of rows fitted, seed and threads."""

    params: Mapping[str, Any]
    n_rows: int
    seed: int
    threads: int


Constructor = Callable[[Setup], Any]


def logistic_regression(setup: Setup) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(**setup.params, random_state=setup.seed)


def svc(setup: Setup) -> Any:
    from sklearn.svm import SVC

    kept = {name: setup.params[name] for name in ("C", "gamma")}
    return SVC(kernel="rbf", **kept, random_state=setup.seed)


def nystroem_hinge(setup: Setup) -> Any:
    """An approximate SVM: a Nystroem map of the RBF kernel and a hinge loss (Williams & Seeger 2001)."""
    from sklearn.kernel_approximation import Nystroem
    from sklearn.linear_model import SGDClassifier
    from sklearn.pipeline import Pipeline

    components, gamma, c = (setup.params[name] for name in ("n_components", "gamma", "C"))
    kernel = Nystroem(kernel="rbf", gamma=gamma, n_components=components, random_state=setup.seed)
    # C weighs the sum of the losses, alpha the penalty against their mean.
    alpha = 1.0 / (c * setup.n_rows)
    hinge = SGDClassifier(loss="hinge", alpha=alpha, average=True, max_iter=30, random_state=setup.seed)
    return Pipeline([("kernel", kernel), ("hinge", hinge)])


def neighbours(setup: Setup) -> Any:
    from migraine_assets.core.models.knn import NearestNeighbours

    return NearestNeighbours(**setup.params)


def naive_bayes(setup: Setup) -> Any:
    from sklearn.naive_bayes import GaussianNB

    return GaussianNB(**setup.params)


def forest_classifier(setup: Setup) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(**setup.params, **_forest(setup))


def forest_regressor(setup: Setup) -> Any:
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(**setup.params, **_forest(setup))


def histogram_classifier(setup: Setup) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(**setup.params, early_stopping=False, random_state=setup.seed)


def histogram_regressor(setup: Setup) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(**setup.params, early_stopping=False, random_state=setup.seed)


def xgboost_classifier(setup: Setup) -> Any:
    from xgboost import XGBClassifier

    return XGBClassifier(**setup.params, **_xgboost(setup))


def xgboost_regressor(setup: Setup) -> Any:
    from xgboost import XGBRegressor

    return XGBRegressor(**setup.params, **_xgboost(setup))


def lightgbm_classifier(setup: Setup) -> Any:
    from lightgbm import LGBMClassifier

    return LGBMClassifier(**setup.params, **_lightgbm(setup))


def lightgbm_regressor(setup: Setup) -> Any:
    from lightgbm import LGBMRegressor

    return LGBMRegressor(**setup.params, **_lightgbm(setup))


def linear(setup: Setup) -> Any:
    from sklearn.linear_model import LinearRegression

    return LinearRegression(**setup.params)


def ridge(setup: Setup) -> Any:
    from sklearn.linear_model import Ridge

    return Ridge(**setup.params, random_state=setup.seed)


def lasso(setup: Setup) -> Any:
    from sklearn.linear_model import Lasso

    return Lasso(**setup.params, random_state=setup.seed)


def elastic_net(setup: Setup) -> Any:
    from sklearn.linear_model import ElasticNet

    return ElasticNet(**setup.params, random_state=setup.seed)


def _forest(setup: Setup) -> dict[str, Any]:
    return {"n_jobs": setup.threads, "random_state": setup.seed}


def _xgboost(setup: Setup) -> dict[str, Any]:
    return {"tree_method": "hist", "n_jobs": setup.threads, "verbosity": 0, "random_state": setup.seed}


def _lightgbm(setup: Setup) -> dict[str, Any]:
    # Row-wise histograms in a fixed order: the same trees whatever the load of the machine.
    fixed = {"deterministic": True, "force_row_wise": True, "subsample_freq": 1, "verbose": -1}
    return {"n_jobs": setup.threads, "random_state": setup.seed, **fixed}
