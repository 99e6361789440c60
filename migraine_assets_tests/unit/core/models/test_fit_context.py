"""Libraries' warnings become notes; deprecations stay warnings."""

import subprocess
import sys
import warnings

import numpy as np
import pytest
from threadpoolctl import threadpool_info  # type: ignore[import-untyped]  # it ships no types

from migraine_assets.core.models.fit_context import collected_warnings


def test_a_warning_of_the_fit_is_kept_once_and_not_printed() -> None:
    with collected_warnings(1) as notes:
        for _ in range(3):
            warnings.warn("did not converge\nsecond line", UserWarning, stacklevel=1)
        np.float64(1.0) / np.float64(0.0)
    assert notes == ["UserWarning: did not converge", "RuntimeWarning: divide by zero encountered in scalar divide"]


def test_a_deprecation_is_no_note() -> None:
    """If every warning were collected, the tests would not show that a library deprecates something."""
    with pytest.raises(DeprecationWarning), collected_warnings(1):
        warnings.warn("old", DeprecationWarning, stacklevel=1)


def test_linear_algebra_is_held_to_the_given_threads() -> None:
    with collected_warnings(1):
        assert {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"} == {1}


def test_openmp_is_held_too_though_its_library_was_not_loaded_before() -> None:
    """A limit on the loaded libraries does not apply to a library that the first model loads later."""
    code = (
        "from migraine_assets.core.models.fit_context import bounded_threads\n"
        "from threadpoolctl import threadpool_info\n"
        "with bounded_threads(1):\n"
        "    import sklearn.ensemble\n"
        "    found = {pool['num_threads'] for pool in threadpool_info() if pool['user_api'] == 'openmp'}\n"
        "assert found == {1}, found\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
