"""The exported graph predicts what the Python pipeline predicts, for all sixteen models and both kinds of SVM."""

import dataclasses

import numpy as np
import onnx
import pytest

from migraine_assets.core.models.catalogue import TABLE, find
from migraine_assets.core.models.estimator import Estimator
from migraine_assets.core.models.training import FittedModel, fit_model
from migraine_assets.errors import BundleRefused
from migraine_assets.stores.bundles.export.export import to_onnx
from migraine_assets.stores.bundles.manifest import OUTPUT
from migraine_assets.stores.bundles.onnx_session import open_session, run_session
from migraine_assets.stores.bundles.parity import compare, probe
from migraine_assets_tests.support.training_data import NAMES, fitted, label, training_set


def _run(model: FittedModel, rows: np.ndarray) -> np.ndarray:
    output = OUTPUT[model.estimator.task]
    return run_session(open_session(to_onnx(model, NAMES), width=len(NAMES), output=output), rows)


@pytest.mark.parametrize("model", TABLE, ids=label)
def test_onnx_runtime_and_python_agree_on_real_sparse_wild_and_empty_rows(model: Estimator) -> None:
    trained, data = fitted(model), training_set(model.task)
    agreement = compare(trained, to_onnx(trained, NAMES), data.X, output=OUTPUT[model.task])
    assert agreement.maximum < 2e-5
    assert agreement.rows > 1000


def test_an_approximated_support_vector_machine_agrees_too() -> None:
    svm = find("attack", "svm")
    assert svm.substitute is not None
    small = dataclasses.replace(svm, substitute=dataclasses.replace(svm.substitute, limit=300))
    trained, data = fit_model(small, training_set("attack")), training_set("attack")
    assert compare(trained, to_onnx(trained, NAMES), data.X, output="probability").maximum < 1e-6


def test_nearest_neighbors_agree_on_rows_full_of_ties() -> None:
    """Libraries break ties differently, and many copies of each row make all neighbors tie."""
    data = training_set("attack")
    coarse = dataclasses.replace(data, X=np.round(np.nan_to_num(data.X) / 4).astype(np.float32))
    trained = fit_model(find("attack", "knn"), coarse, params={"n_neighbors": 20})
    assert compare(trained, to_onnx(trained, NAMES), coarse.X, output="probability").maximum < 1e-6


def test_uncalibrated_probabilities_are_exported_as_they_are() -> None:
    trained = fit_model(find("attack", "lightgbm"), training_set("attack"), calibrate=False)
    rows = training_set("attack").X
    assert np.allclose(_run(trained, rows), trained.predict(rows), atol=1e-6)


@pytest.mark.parametrize("key", ["linear", "lightgbm"])
def test_a_severity_is_cut_in_the_graph(key: str) -> None:
    trained = dataclasses.replace(fitted(find("severity", key)), bounds=(4.0, 5.0))
    rows = probe(training_set("severity").X, seed=0)
    assert set(np.round(_run(trained, rows), 6)) >= {4.0, 5.0}
    assert _run(trained, rows).min() == 4.0
    assert _run(trained, rows).max() == 5.0


@pytest.mark.parametrize("rows", [1, 5, 1024, 1025])
def test_the_batch_does_not_change_the_answer(rows: int) -> None:
    trained = fitted(find("attack", "svm"))
    X = np.resize(training_set("attack").X, (rows, 8))
    assert np.allclose(_run(trained, X)[:3], _run(trained, X[:3]), atol=1e-7)


@pytest.mark.parametrize("model", TABLE, ids=label)
def test_the_graph_has_one_input_one_output_and_no_foreign_operator(model: Estimator) -> None:
    proto = onnx.load_from_string(to_onnx(fitted(model), NAMES))
    assert [entry.name for entry in proto.graph.input] == ["features"]
    assert [entry.name for entry in proto.graph.output] == [OUTPUT[model.task]]
    assert {node.domain for node in proto.graph.node} <= {"", "ai.onnx.ml"}
    assert not proto.functions


def test_a_model_without_an_exporter_is_refused() -> None:
    unknown = dataclasses.replace(fitted(find("severity", "ridge")), exporter="huber")
    with pytest.raises(BundleRefused, match="'ridge' cannot be exported: there is no exporter 'huber'"):
        to_onnx(unknown, NAMES)


def test_the_wrong_number_of_names_is_refused() -> None:
    with pytest.raises(BundleRefused, match="7 feature names for a model of 8"):
        to_onnx(fitted(find("severity", "ridge")), NAMES[1:])
