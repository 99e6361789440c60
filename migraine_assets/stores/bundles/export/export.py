"""A fitted model as one ONNX graph: imputer, scaler, model, calibration.

Here belongs the assembly. Input `features` float32 [None, F], nulls as NaN; output `probability` or `severity`
float32 [None, 1]. The graph is written node by node instead of by a converter: thresholds are decided exactly,
scores are calibrated before they saturate, and the same model gives the same bytes.
"""

from typing import Any

import numpy as np

from migraine_assets.core.models.training import FittedModel
from migraine_assets.errors import BundleRefused
from migraine_assets.stores.bundles.export.dense import WRITERS, logit
from migraine_assets.stores.bundles.export.graph import Graph
from migraine_assets.stores.bundles.export.trees import READERS, add_trees
from migraine_assets.stores.bundles.manifest import INPUT, OUTPUT


def to_onnx(fitted: FittedModel, names: tuple[str, ...]) -> bytes:
    """The graph of `fitted`, whose inputs are `names` in that order. `BundleRefused` for an unknown model."""
    graph, steps = Graph(), fitted.pipeline.named_steps
    if len(names) != fitted.pipeline.n_features_in_:
        raise BundleRefused(f"{len(names)} feature names for a model of {fitted.pipeline.n_features_in_} features.")
    filled = _impute(graph, steps["impute"])
    score = _score(graph, steps, filled)
    result = OUTPUT[fitted.estimator.task]
    graph.cast(_finish(graph, fitted, score), np.float32, output=result)
    return graph.serialize(source=INPUT, width=len(names), result=result)


def _impute(graph: Graph, imputer: Any) -> str:
    medians = np.asarray(imputer.statistics_, dtype=np.float32).reshape(1, -1)
    return graph.add("Where", graph.add("IsNaN", INPUT), graph.constant(medians), INPUT)


def _score(graph: Graph, steps: Any, filled: str) -> str:
    model = steps["model"]
    kind = type(model).__name__
    if kind in READERS:
        total = add_trees(graph, READERS[kind](model), filled)
        return logit(graph, total) if kind == "RandomForestClassifier" else total
    if kind not in WRITERS:
        raise BundleRefused(f"A {kind} cannot be exported to ONNX; nobody has written its graph.")
    return WRITERS[kind](graph, model, _scale(graph, steps["scale"], filled))


def _scale(graph: Graph, scaler: Any, filled: str) -> str:
    centred = graph.add("Sub", graph.cast(filled, np.float64), graph.doubles(scaler.mean_))
    return graph.add("Div", centred, graph.doubles(scaler.scale_))


def _finish(graph: Graph, fitted: FittedModel, score: str) -> str:
    if fitted.calibration is not None:
        product = graph.add("Mul", score, graph.doubles(fitted.calibration.slope))
        return graph.add("Sigmoid", graph.add("Add", product, graph.doubles(fitted.calibration.intercept)))
    low, high = (graph.constant(np.float64(edge)) for edge in fitted.bounds or (-np.inf, np.inf))
    return graph.add("Clip", score, low, high)
