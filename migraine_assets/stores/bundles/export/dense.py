"""Exporters of the models without trees: linear models, kernels, nearest neighbors, naive Bayes.

They compute in double precision, as the libraries do, so that outputs agree to the last digits of single precision,
even far outside the training data, and neighbors have the same ranks. Every function adds a model to the graph and
returns the name of its output. Not here: trees (`stores.bundles.export.trees`).
"""

from typing import Any

import numpy as np

from migraine_assets.stores.bundles.export.graph import Graph


def linear(graph: Graph, model: Any, source: str) -> str:
    """Add x . coef + intercept, float64 [n, 1], for float64 `source` [n, F]."""
    weights = np.asarray(model.coef_, dtype=np.float64).reshape(-1, 1)
    product = graph.add("MatMul", source, graph.doubles(weights))
    return graph.add("Add", product, graph.doubles(model.intercept_))


def svc(graph: Graph, model: Any, source: str) -> str:
    """Add the decision function, which is above 0 for an attack."""
    kernel = _rbf(graph, source, model.support_vectors_, gamma=model._gamma)
    product = graph.add("MatMul", kernel, graph.doubles(np.asarray(model.dual_coef_).T))
    return graph.add("Add", product, graph.doubles(model.intercept_))


def nystroem_hinge(graph: Graph, model: Any, source: str) -> str:
    """Add the kernel with the components of the map, its normalization, and the linear model."""
    kernel, hinge = model[0], model[1]
    mapped = _rbf(graph, source, kernel.components_, gamma=kernel.gamma)
    return linear(graph, hinge, graph.add("MatMul", mapped, graph.doubles(kernel.normalization_.T)))


def naive_bayes(graph: Graph, model: Any, source: str) -> str:
    """Add log P(attack, x) - log P(no attack, x) of two Gaussians with diagonal covariance."""
    none, attack = (_gaussian(graph, source, model.theta_[row], model.var_[row]) for row in (0, 1))
    start = np.log(model.class_prior_) - 0.5 * np.log(2 * np.pi * model.var_).sum(axis=1)
    return graph.add("Add", graph.add("Sub", none, attack), graph.doubles(start[1] - start[0]))


def nearest_neighbors(graph: Graph, model: Any, source: str) -> str:
    """Add the logit of the smoothed share of attacks among the nearest reference rows; ties go to earlier rows."""
    from migraine_assets.core.models.knn import GRID, REACH

    near = graph.add("Clip", source, graph.constant(np.float64(-REACH)), graph.constant(np.float64(REACH)))
    steps = graph.add("Round", graph.add("Mul", _squared_distance(graph, near, model.reference_), graph.doubles(GRID)))
    count = graph.constant(np.array([model.n_used_], dtype=np.int64))
    nearest = graph.add("TopK", steps, count, outputs=2, axis=1, largest=0, sorted=1)
    votes = graph.add("Gather", graph.constant(model.label_), nearest, axis=0)
    attacks = graph.add("ReduceSum", votes, graph.constant(np.array([1], dtype=np.int64)), keepdims=1)
    smoothed = graph.add("Add", attacks, graph.doubles(1.0))
    return logit(graph, graph.add("Div", smoothed, graph.doubles(model.n_used_ + 2.0)))


def logit(graph: Graph, share: str) -> str:
    """Add log(p / (1 - p)) of a share of votes float64 [n, 1], clipped as in training."""
    from migraine_assets.core.models.raw_scores import SHARE_MARGIN

    low, high = (graph.constant(np.float64(bound)) for bound in (SHARE_MARGIN, 1 - SHARE_MARGIN))
    clipped = graph.add("Clip", share, low, high)
    return graph.add("Log", graph.add("Div", clipped, graph.add("Sub", graph.doubles(1.0), clipped)))


def _gaussian(graph: Graph, source: str, mean: Any, variance: Any) -> str:
    away = graph.add("Sub", source, graph.doubles(mean))
    weight = (0.5 / np.asarray(variance)).reshape(-1, 1)
    return graph.add("MatMul", graph.add("Mul", away, away), graph.doubles(weight))


def _rbf(graph: Graph, source: str, points: Any, *, gamma: float) -> str:
    distance = _squared_distance(graph, source, points)
    return graph.add("Exp", graph.add("Mul", distance, graph.doubles(-gamma)))


def _squared_distance(graph: Graph, source: str, points: Any) -> str:
    squares = np.asarray(points**2).sum(axis=1)
    own = graph.add("ReduceSum", graph.add("Mul", source, source), graph.constant(np.array([1])), keepdims=1)
    product = graph.add("MatMul", source, graph.doubles(2.0 * np.asarray(points).T))
    return graph.add("Add", own, graph.add("Sub", graph.doubles(squares), product))
