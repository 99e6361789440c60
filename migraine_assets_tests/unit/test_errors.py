"""Every error has an exit code and an HTTP status."""

import pytest

from migraine_assets.cli.dagster.execution import error_classes
from migraine_assets.errors import (
    BundleRefused,
    ConfigurationError,
    DataRefused,
    MigraineError,
    NoModelMetTheBar,
    StoreError,
)


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        (MigraineError, 1, 500),
        (ConfigurationError, 2, 400),
        (DataRefused, 3, 422),
        (NoModelMetTheBar, 4, 503),
        (StoreError, 1, 503),
        (BundleRefused, 1, 503),
    ],
)
def test_exit_code_and_status(kind: type[MigraineError], code: int, status: int) -> None:
    assert (kind.exit_code, kind.http_status) == (code, status)
    assert str(kind("What is wrong: do this.")) == "What is wrong: do this."


def test_no_exit_code_means_success_or_ctrl_c() -> None:
    assert {kind.exit_code for kind in error_classes().values()} <= {1, 2, 3, 4, 5}
