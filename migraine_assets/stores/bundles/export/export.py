"""Export of a fitted model as one ONNX graph: imputer, scaler, model, calibration.

The graph has one input, `features` float32 [None, F] with nulls as NaN, and one output, `probability` or `severity`
float32 [None, 1]. It is built node by node and not by a converter, so that thresholds decide exactly as in the library,
scores are calibrated before they saturate, and equal models give equal bytes.

`EXPORTERS` maps the names of exporters in `core.models.catalogue` to the functions that add the models to the graph.
Not here: these functions (`stores.bundles.export.dense`, `stores.bundles.export.trees`).
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from migraine_assets.core.models.training import FittedModel
from migraine_assets.errors import BundleRefused
from migraine_assets.stores.bundles.export import dense, trees
from migraine_assets.stores.bundles.export.graph import Graph
from migraine_assets.stores.bundles.manifest import INPUT, OUTPUT

# Takes the graph, the fitted model and the name of its input, which is imputed and, if the pipeline has a scaler,
# scaled. Returns the name of the raw score float64 [n, 1].
Exporter = Callable[[Graph, Any, str], str]

EXPORTERS: dict[str, Exporter] = {
    "linear": dense.linear,
    "svc": dense.svc,
    "nystroem_hinge": dense.nystroem_hinge,
    "nearest_neighbors": dense.nearest_neighbors,
    "naive_bayes": dense.naive_bayes,
    "forest_classifier": trees.forest_classifier,
    "forest_regressor": trees.forest_regressor,
    "histogram": trees.histogram,
    "xgboost": trees.xgboost,
    "lightgbm": trees.lightgbm,
}


def to_onnx(fitted: FittedModel, names: tuple[str, ...]) -> bytes:
    """Return the ONNX graph of `fitted` for the inputs `names`, in that order.

    Raises `BundleRefused` if the model has no exporter or another number of inputs.
    """
    graph, steps = Graph(), fitted.pipeline.named_steps
    if len(names) != fitted.pipeline.n_features_in_:
        raise BundleRefused(f"{len(names)} feature names for a model of {fitted.pipeline.n_features_in_} features.")
    if fitted.exporter not in EXPORTERS:
        raise BundleRefused(f"'{fitted.estimator.key}' cannot be exported: there is no exporter '{fitted.exporter}'.")
    filled = _impute(graph, steps["impute"])
    source = _scale(graph, steps["scale"], filled) if "scale" in steps else filled
    score = EXPORTERS[fitted.exporter](graph, steps["model"], source)
    result = OUTPUT[fitted.estimator.task]
    graph.cast(_finish(graph, fitted, score), np.float32, output=result)
    return graph.serialize(source=INPUT, width=len(names), result=result)


def _impute(graph: Graph, imputer: Any) -> str:
    medians = np.asarray(imputer.statistics_, dtype=np.float32).reshape(1, -1)
    return graph.add("Where", graph.add("IsNaN", INPUT), graph.constant(medians), INPUT)


def _scale(graph: Graph, scaler: Any, filled: str) -> str:
    centered = graph.add("Sub", graph.cast(filled, np.float64), graph.doubles(scaler.mean_))
    return graph.add("Div", centered, graph.doubles(scaler.scale_))


def _finish(graph: Graph, fitted: FittedModel, score: str) -> str:
    if fitted.calibration is not None:
        product = graph.add("Mul", score, graph.doubles(fitted.calibration.slope))
        return graph.add("Sigmoid", graph.add("Add", product, graph.doubles(fitted.calibration.intercept)))
    low, high = (graph.constant(np.float64(bound)) for bound in fitted.bounds or (-np.inf, np.inf))
    return graph.add("Clip", score, low, high)
