"""Exporters of forests and boosters: the trees of four libraries as one table of nodes and one ONNX operator.

The operator works in single precision. If a library has a rule `x <= t` with t in double precision, t is rounded down
to single precision, which does not change the decision for any x in single precision. Rounding to the nearest would.
Not here: models without trees (`stores.bundles.export.dense`).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migraine_assets.stores.bundles.export.dense import logit
from migraine_assets.stores.bundles.export.graph import ML, Graph

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Tree:
    """One tree, with one element per node. The root is first, children are indices, and `left` is -1 at a leaf."""

    left: Indices
    right: Indices
    feature: Indices
    threshold: NDArray[np.float32]
    value: Numbers


@dataclass(frozen=True)
class Trees:
    """Trees; the sum of their leaves is added to `base`. `rule`: the comparison that sends a row to the left child."""

    trees: tuple[Tree, ...]
    base: float
    rule: str = "BRANCH_LEQ"


def add_trees(graph: Graph, trees: Trees, source: str) -> str:
    """Add the sum of leaves and base, float64 [n, 1], for `source` float32 [n, F] without nulls; return its name."""
    leaf = [tree.left < 0 for tree in trees.trees]
    tree_ids, node_ids = _numbered(trees.trees, leaf, everything=True)
    target_trees, target_nodes = _numbered(trees.trees, leaf, everything=False)
    summed = graph.add(
        "TreeEnsembleRegressor",
        source,
        domain=ML,
        n_targets=1,
        post_transform="NONE",
        nodes_treeids=tree_ids,
        nodes_nodeids=node_ids,
        nodes_featureids=_joined(np.where(stop, 0, tree.feature) for tree, stop in zip(trees.trees, leaf, strict=True)),
        nodes_values=_joined(np.where(stop, 0, tree.threshold) for tree, stop in zip(trees.trees, leaf, strict=True)),
        nodes_modes=[mode for stop in leaf for mode in np.where(stop, "LEAF", trees.rule).tolist()],
        nodes_truenodeids=_joined(np.where(stop, 0, tree.left) for tree, stop in zip(trees.trees, leaf, strict=True)),
        nodes_falsenodeids=_joined(np.where(stop, 0, tree.right) for tree, stop in zip(trees.trees, leaf, strict=True)),
        target_treeids=target_trees,
        target_nodeids=target_nodes,
        target_ids=[0] * len(target_nodes),
        target_weights=_joined(tree.value[stop] for tree, stop in zip(trees.trees, leaf, strict=True)),
    )
    return graph.add("Add", graph.cast(summed, np.float64), graph.doubles(trees.base))


def forest_classifier(graph: Graph, model: Any, source: str) -> str:
    """Add the logit of the mean share of attacks in the leaves of a scikit-learn random forest."""
    return logit(graph, add_trees(graph, read_forest(model), source))


def forest_regressor(graph: Graph, model: Any, source: str) -> str:
    """Add the mean outcome in the leaves of a scikit-learn random forest."""
    return add_trees(graph, read_forest(model), source)


def histogram(graph: Graph, model: Any, source: str) -> str:
    """Add the trees of scikit-learn's histogram gradient boosting."""
    return add_trees(graph, read_histogram(model), source)


def xgboost(graph: Graph, model: Any, source: str) -> str:
    """Add the trees of XGBoost."""
    return add_trees(graph, read_xgboost(model), source)


def lightgbm(graph: Graph, model: Any, source: str) -> str:
    """Add the trees of LightGBM."""
    return add_trees(graph, read_lightgbm(model), source)


def read_forest(model: Any) -> Trees:
    """Return the trees of a random forest, with leaves divided by the number of trees."""
    share = 1.0 / len(model.estimators_)
    return Trees(tuple(_sklearn_tree(member.tree_, share) for member in model.estimators_), base=0.0)


def read_histogram(model: Any) -> Trees:
    """Return the trees of histogram gradient boosting, from its private node tables, since it has no public dump."""
    members = (stage[0].nodes for stage in model._predictors)
    return Trees(tuple(map(_histogram_tree, members)), base=float(np.ravel(model._baseline_prediction)[0]))


def read_xgboost(model: Any) -> Trees:
    """Return the trees of XGBoost, from its documented JSON. The rule is `x < t`, with t in single precision."""
    learner = json.loads(model.get_booster().save_raw("json"))["learner"]
    stored = np.ravel(json.loads(learner["learner_model_param"]["base_score"]))[0]
    logistic = learner["objective"]["name"] == "binary:logistic"
    base = float(np.log(stored / (1 - stored))) if logistic else float(stored)
    members = learner["gradient_booster"]["model"]["trees"]
    return Trees(tuple(map(_xgboost_tree, members)), base=base, rule="BRANCH_LT")


def read_lightgbm(model: Any) -> Trees:
    """Return the trees of LightGBM, from its documented dump. The initial score is part of the first tree."""
    dumped = model.booster_.dump_model()["tree_info"]
    return Trees(tuple(_lightgbm_tree(entry["tree_structure"]) for entry in dumped), base=0.0)


_XGBOOST_INDICES = ("left_children", "right_children", "split_indices")


def _sklearn_tree(tree: Any, share: float) -> Tree:
    # A leaf of a classifier has the share of each class, a leaf of a regressor the mean outcome.
    value = tree.value[:, 0, -1] * share
    return Tree(tree.children_left, tree.children_right, tree.feature, round_down(tree.threshold), value)


def _histogram_tree(nodes: Any) -> Tree:
    left = np.where(nodes["is_leaf"], -1, nodes["left"].astype(np.int64))
    feature, right = nodes["feature_idx"].astype(np.int64), nodes["right"].astype(np.int64)
    return Tree(left, right, feature, round_down(nodes["num_threshold"]), nodes["value"])


def _xgboost_tree(tree: Any) -> Tree:
    # For a leaf, this array has the value of the leaf.
    conditions = np.asarray(tree["split_conditions"], dtype=np.float64)
    left, right, feature = (np.asarray(tree[name], dtype=np.int64) for name in _XGBOOST_INDICES)
    return Tree(left, right, feature, conditions.astype(np.float32), conditions)


def _lightgbm_tree(root: dict[str, Any]) -> Tree:
    rows: list[tuple[int, int, int, float, float]] = []
    _flatten(root, rows)
    left, right, feature = (np.array([row[at] for row in rows], dtype=np.int64) for at in range(3))
    threshold, value = (np.array([row[at] for row in rows], dtype=np.float64) for at in (3, 4))
    return Tree(left, right, feature, round_down(threshold), value)


def _flatten(node: dict[str, Any], rows: list[tuple[int, int, int, float, float]]) -> int:
    number = len(rows)
    rows.append((-1, -1, 0, 0.0, float(node.get("leaf_value", 0.0))))
    if "split_feature" in node:
        left, right = _flatten(node["left_child"], rows), _flatten(node["right_child"], rows)
        rows[number] = (left, right, int(node["split_feature"]), float(node["threshold"]), 0.0)
    return number


def round_down(threshold: Numbers) -> NDArray[np.float32]:
    """Return the largest float32 not above each threshold, float64[n]."""
    # Outside the range of single precision, the cast gives infinity, which the last line replaces.
    with np.errstate(over="ignore"):
        nearest = threshold.astype(np.float32)
        down = np.nextafter(nearest, np.float32(-np.inf))
    return np.asarray(np.where(nearest > threshold, down, nearest), dtype=np.float32)


def _numbered(
    trees: tuple[Tree, ...], leaf: list[NDArray[np.bool_]], *, everything: bool
) -> tuple[list[int], list[int]]:
    nodes = [
        np.arange(len(tree.left)) if everything else np.flatnonzero(stop)
        for tree, stop in zip(trees, leaf, strict=True)
    ]
    return _joined(np.full(len(ids), number) for number, ids in enumerate(nodes)), _joined(nodes)


def _joined(parts: Iterator[NDArray[Any]] | list[NDArray[Any]]) -> list[Any]:
    together: list[Any] = np.concatenate(list(parts)).tolist()
    return together
