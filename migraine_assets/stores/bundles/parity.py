"""The agreement check of an exported model: ONNX Runtime and the Python pipeline must give equal predictions.

This module chooses the tolerances and the rows to compare: training rows, the same rows with most cells null, rows far
outside the training range, and a row of nulls. Not here: the export (`stores.bundles.export.export`).
"""

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.models.training import FittedModel
from migraine_assets.errors import BundleRefused
from migraine_assets.stores.bundles.manifest import Agreement
from migraine_assets.stores.bundles.onnx_session import open_session, run_session

# In units of the output (a probability, a point of severity). Rounding to single precision changes a probability by up
# to 6e-8 and a severity by up to 5e-7; a single-precision sum over a hundred trees, by up to 7e-6 (measured). A wrong
# graph differs by much more.
TOLERANCE_999 = 1e-4
TOLERANCE_MAX = 1e-3
SAMPLE = 400


def compare(fitted: FittedModel, model: bytes, X: NDArray[np.float32], *, output: str) -> Agreement:
    """Compare both predictions on a sample of X float32[n, F]. Raises `BundleRefused` if they exceed the tolerances."""
    rows = probe(X, seed=fitted.seed)
    session = open_session(model, width=X.shape[1], output=output, where=f"the exported {fitted.estimator.key}")
    difference = np.abs(run_session(session, rows) - fitted.predict(rows))
    agreement = Agreement(len(rows), float(difference.max()), float(np.quantile(difference, 0.999)))
    # With NaN, both comparisons are False, so the model is refused.
    if not (agreement.maximum <= TOLERANCE_MAX and agreement.quantile_999 <= TOLERANCE_999):
        raise BundleRefused(
            f"The exported {fitted.estimator.key} differs from the trained one: over {agreement.rows} rows ONNX "
            f"Runtime and Python differ by up to {agreement.maximum:.2g} (99.9 %: {agreement.quantile_999:.2g}; "
            f"allowed {TOLERANCE_MAX:g} and {TOLERANCE_999:g})."
        )
    return agreement


def probe(X: NDArray[np.float32], *, seed: int) -> NDArray[np.float32]:
    """Return the rows to compare, float32[m, F]: real, sparse and extreme ones, and a row of nulls."""
    random = np.random.default_rng(seed)
    real = X[np.sort(random.choice(len(X), min(SAMPLE, len(X)), replace=False))]
    sparse = np.where(random.random(real.shape) < 0.8, np.float32(np.nan), real)
    extreme = real * random.choice(np.array([-3, 3, 10], dtype=np.float32), size=real.shape)
    empty = np.full((1, X.shape[1]), np.nan, dtype=np.float32)
    return np.concatenate([real, sparse, extreme, empty])
