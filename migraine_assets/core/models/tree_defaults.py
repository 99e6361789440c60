"""Defaults, search ranges, size limits and notes that the tree models of both tasks share.

The defaults suit diaries, which have a weak signal, strong dependence within a participant, and tens of columns. Trees
are shallow, leaves are large, and each tree is fitted on a part of the rows and columns, so that the training score is
close to the cross-validated score.

Not here: the table of models (`core.models.catalogue`).
"""

from migraine_assets.core.models.hyperparameters import Range, Value

FOREST: dict[str, Value] = {
    "n_estimators": 100,
    "max_depth": 8,
    "min_samples_leaf": 20,
    "max_features": 0.2,
    "max_samples": 0.2,
}
FOREST_SPACE = (
    Range("max_depth", 4, 10, log=False, integer=True),
    Range("min_samples_leaf", 10, 100, integer=True),
    Range("max_features", 0.1, 0.5, log=False),
)
HISTOGRAM: dict[str, Value] = {
    "max_iter": 80,
    "learning_rate": 0.06,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 40,
    "l2_regularization": 5.0,
    "max_features": 0.5,
}
HISTOGRAM_SPACE = (
    Range("learning_rate", 0.02, 0.15),
    Range("max_leaf_nodes", 4, 24, integer=True),
    Range("min_samples_leaf", 20, 200, integer=True),
    Range("l2_regularization", 0.5, 50),
    Range("max_features", 0.2, 1.0, log=False),
)
XGBOOST: dict[str, Value] = {
    "n_estimators": 100,
    "learning_rate": 0.05,
    "max_depth": 3,
    "min_child_weight": 10.0,
    "subsample": 0.7,
    "colsample_bytree": 0.5,
    "reg_lambda": 5.0,
}
XGBOOST_SPACE = (
    Range("learning_rate", 0.02, 0.15),
    Range("max_depth", 2, 5, log=False, integer=True),
    Range("min_child_weight", 3, 100),
    Range("subsample", 0.5, 0.9, log=False),
    Range("colsample_bytree", 0.2, 0.9, log=False),
    Range("reg_lambda", 0.5, 50),
)
LIGHTGBM: dict[str, Value] = {
    "n_estimators": 100,
    "learning_rate": 0.05,
    "num_leaves": 8,
    "min_child_samples": 40,
    "subsample": 0.7,
    "colsample_bytree": 0.5,
    "reg_lambda": 5.0,
}
LIGHTGBM_SPACE = (
    Range("learning_rate", 0.02, 0.15),
    Range("num_leaves", 4, 24, integer=True),
    Range("min_child_samples", 20, 200, integer=True),
    Range("subsample", 0.5, 0.9, log=False),
    Range("colsample_bytree", 0.2, 0.9, log=False),
    Range("reg_lambda", 0.5, 50),
)
BOOSTER_ROWS = 250_000
BOOSTER_NOTE = "Above 250,000 rows it is fitted on a sample of 250,000, since more rows hardly change shallow trees."
HISTOGRAM_NOTE = "Always histogram gradient boosting. " + BOOSTER_NOTE
FOREST_ROWS = 100_000
FOREST_NOTE = "Each tree is fitted on 20 % of at most 100,000 rows, so that the exported forest has a few megabytes."
FOREST_EXPLANATION_ROWS = 640
