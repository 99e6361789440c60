"""Builders: one function per row of `core.models.catalogue` that returns an unfitted estimator.

A builder chooses the library class and the settings that are the same in every run (seed, threads, determinism). Not
here: defaults and limits (`core.models.catalogue`), fitting (`core.models.training`). Libraries are imported inside the
functions, so that importing the table does not import them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class BuildSettings:
    """The arguments of a builder. `n_rows`: number of rows on which the model will be fitted."""

    params: Mapping[str, Any]
    n_rows: int
    seed: int
    threads: int


Builder = Callable[[BuildSettings], Any]


def logistic_regression(settings: BuildSettings) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(**settings.params, random_state=settings.seed)


def svc(settings: BuildSettings) -> Any:
    from sklearn.svm import SVC

    params = {name: settings.params[name] for name in ("C", "gamma")}
    return SVC(kernel="rbf", **params, random_state=settings.seed)


def nystroem_hinge(settings: BuildSettings) -> Any:
    """Return an approximate SVM: a Nystroem map of the RBF kernel and a linear hinge loss (Williams & Seeger 2001)."""
    from sklearn.kernel_approximation import Nystroem
    from sklearn.linear_model import SGDClassifier
    from sklearn.pipeline import Pipeline

    components, gamma, c = (settings.params[name] for name in ("n_components", "gamma", "C"))
    kernel = Nystroem(kernel="rbf", gamma=gamma, n_components=components, random_state=settings.seed)
    # C weights the sum of the losses; alpha weights the penalty relative to their mean.
    alpha = 1.0 / (c * settings.n_rows)
    hinge = SGDClassifier(loss="hinge", alpha=alpha, average=True, max_iter=30, random_state=settings.seed)
    return Pipeline([("kernel", kernel), ("hinge", hinge)])


def nearest_neighbors(settings: BuildSettings) -> Any:
    from migraine_assets.core.models.knn import NearestNeighbors

    return NearestNeighbors(**settings.params)


def naive_bayes(settings: BuildSettings) -> Any:
    from sklearn.naive_bayes import GaussianNB

    return GaussianNB(**settings.params)


def forest_classifier(settings: BuildSettings) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(**settings.params, **_forest(settings))


def forest_regressor(settings: BuildSettings) -> Any:
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(**settings.params, **_forest(settings))


def histogram_classifier(settings: BuildSettings) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(**settings.params, early_stopping=False, random_state=settings.seed)


def histogram_regressor(settings: BuildSettings) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(**settings.params, early_stopping=False, random_state=settings.seed)


def xgboost_classifier(settings: BuildSettings) -> Any:
    from xgboost import XGBClassifier

    return XGBClassifier(**settings.params, **_xgboost(settings))


def xgboost_regressor(settings: BuildSettings) -> Any:
    from xgboost import XGBRegressor

    return XGBRegressor(**settings.params, **_xgboost(settings))


def lightgbm_classifier(settings: BuildSettings) -> Any:
    from lightgbm import LGBMClassifier

    return LGBMClassifier(**settings.params, **_lightgbm(settings))


def lightgbm_regressor(settings: BuildSettings) -> Any:
    from lightgbm import LGBMRegressor

    return LGBMRegressor(**settings.params, **_lightgbm(settings))


def linear(settings: BuildSettings) -> Any:
    from sklearn.linear_model import LinearRegression

    return LinearRegression(**settings.params)


def ridge(settings: BuildSettings) -> Any:
    from sklearn.linear_model import Ridge

    return Ridge(**settings.params, random_state=settings.seed)


def lasso(settings: BuildSettings) -> Any:
    from sklearn.linear_model import Lasso

    return Lasso(**settings.params, random_state=settings.seed)


def elastic_net(settings: BuildSettings) -> Any:
    from sklearn.linear_model import ElasticNet

    return ElasticNet(**settings.params, random_state=settings.seed)


def _forest(settings: BuildSettings) -> dict[str, Any]:
    return {"n_jobs": settings.threads, "random_state": settings.seed}


def _xgboost(settings: BuildSettings) -> dict[str, Any]:
    return {"tree_method": "hist", "n_jobs": settings.threads, "verbosity": 0, "random_state": settings.seed}


def _lightgbm(settings: BuildSettings) -> dict[str, Any]:
    # Row-wise histograms are summed in a fixed order, so the trees do not depend on the load of the machine.
    deterministic = {"deterministic": True, "force_row_wise": True, "subsample_freq": 1, "verbose": -1}
    return {"n_jobs": settings.threads, "random_state": settings.seed, **deterministic}
