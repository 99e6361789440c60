"""Trees as a table: thresholds decide as in the library, and the sum equals that of the library."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migraine_assets.core.models.catalogue import TABLE
from migraine_assets.core.models.estimator import Estimator
from migraine_assets.stores.bundles.export.graph import Graph
from migraine_assets.stores.bundles.export.trees import (
    Tree,
    Trees,
    add_trees,
    read_forest,
    read_histogram,
    read_lightgbm,
    read_xgboost,
    round_down,
)
from migraine_assets.stores.bundles.onnx_session import open_session, run_session
from migraine_assets_tests.support.training_data import fitted, label

READERS = {
    "random_forest": read_forest,
    "gradient_boosting": read_histogram,
    "xgboost": read_xgboost,
    "lightgbm": read_lightgbm,
}
TREE_MODELS = [model for model in TABLE if model.key in READERS]


@settings(max_examples=300)
@given(threshold=st.floats(allow_nan=False), value=st.floats(width=32, allow_nan=False))
def test_a_rounded_threshold_sends_every_single_precision_value_the_same_way(threshold: float, value: float) -> None:
    """A cast to the nearest float32 would send the values in between to the other branch."""
    rounded = round_down(np.array([threshold]))[0]
    with np.errstate(over="ignore"):
        above = float(np.nextafter(rounded, np.float32(np.inf)))
    for x in (value, float(rounded), above):
        assert (np.float32(x) <= rounded) == (x <= threshold)


def test_rounding_to_nearest_would_have_moved_the_threshold_up() -> None:
    tenth = np.array([0.1])
    assert tenth.astype(np.float32)[0] > tenth[0]
    assert round_down(tenth)[0] < tenth[0]


@pytest.mark.parametrize(("rule", "left"), [("BRANCH_LEQ", 1.0), ("BRANCH_LT", 2.0)])
def test_a_value_on_the_threshold_follows_the_rule(rule: str, left: float) -> None:
    tree = Tree(
        left=np.array([1, -1, -1]),
        right=np.array([2, -1, -1]),
        feature=np.array([1, 0, 0]),
        threshold=np.array([3.0, 0, 0], dtype=np.float32),
        value=np.array([0.0, 1.0, 2.0]),
    )
    graph = Graph()
    total = add_trees(graph, Trees((tree, tree), base=0.5, rule=rule), "features")
    graph.cast(total, np.float32, output="severity")
    session = open_session(graph.serialize(source="features", width=2, result="severity"), width=2, output="severity")
    rows = np.array([[9, 3.0], [9, 2.9], [0, 3.1]], dtype=np.float32)
    assert run_session(session, rows).tolist() == [0.5 + 2 * left, 2.5, 4.5]


@pytest.mark.parametrize("model", TREE_MODELS, ids=label)
def test_every_library_gives_as_many_trees_as_asked_for(model: Estimator) -> None:
    pipeline = fitted(model).pipeline
    trees = READERS[model.key](pipeline[-1]).trees
    assert len(trees) == model.defaults[model.early_stopping.parameter if model.early_stopping else "n_estimators"]
    for tree in trees:
        inner = np.flatnonzero(tree.left >= 0)
        # Every node but the root is the child of exactly one other.
        assert sorted([*tree.left[inner], *tree.right[inner]]) == list(range(1, len(tree.left)))
