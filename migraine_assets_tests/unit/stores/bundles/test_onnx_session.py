"""Sessions have a bounded number of threads, and chunks do not change the outputs."""

import numpy as np
import pytest

from migraine_assets.errors import BundleRefused
from migraine_assets.stores.bundles.onnx_session import CHUNK, open_session, run_session
from migraine_assets_tests.unit.stores.bundles.example_bundles import example_model


@pytest.mark.parametrize("rows", [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_every_row_gets_its_own_answer(rows: int) -> None:
    session = open_session(example_model(), width=3, output="probability")
    X = np.linspace(-2, 2, rows * 3, dtype=np.float32).reshape(rows, 3)
    assert run_session(session, X) == pytest.approx(1 / (1 + np.exp(-X.sum(axis=1, dtype=np.float64))))


def test_rows_in_another_memory_order_or_precision_are_taken() -> None:
    session = open_session(example_model(), width=3, output="probability")
    X = np.arange(6.0).reshape(2, 3) / 10
    assert np.array_equal(run_session(session, np.asfortranarray(X)), run_session(session, X.astype(np.float32)))


def test_threads_are_the_callers() -> None:
    session = open_session(example_model(), width=3, output="probability", threads=2)
    assert session.get_session_options().intra_op_num_threads == 2


def test_a_graph_for_other_rows_is_refused_with_both_descriptions() -> None:
    with pytest.raises(BundleRefused, match=r"\[4\].*states.*\[3\]"):
        open_session(example_model(width=4), width=3, output="probability")
