"""The outcome of a run from its events."""

import dagster as dg
import pytest

from migraine_assets.cli.dagster.execution import error_classes, outcome_of
from migraine_assets.errors import BundleRefused, ConfigurationError, DataRefused, StoreError
from migraine_assets.stores.registry.champions import PromotionConflict


def _raising(error: BaseException, cause: BaseException | None = None) -> dg.ExecuteInProcessResult:
    @dg.op
    def step() -> None:
        raise error from cause

    @dg.job
    def one() -> None:
        step()

    return one.execute_in_process(raise_on_error=False)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("error", "cause", "kind", "message"),
    [
        (DataRefused("No rows: add some."), None, "DataRefused", "No rows: add some."),
        (DataRefused("One.\nTwo: three."), ValueError("inner"), "DataRefused", "One.\nTwo: three."),
        (StoreError("Full."), OSError(28, "No space"), "StoreError", "Full."),
        (PromotionConflict("Another."), None, "PromotionConflict", "Another."),
        (ValueError("a bug"), KeyError("inner"), "KeyError", "'inner'"),
        (ZeroDivisionError(), None, "ZeroDivisionError", "ZeroDivisionError"),
    ],
)
def test_the_outermost_user_error_is_reported(
    error: Exception, cause: Exception | None, kind: str, message: str
) -> None:
    result = _raising(error, cause)
    outcome = outcome_of("id", result.all_events, success=result.success)
    assert not outcome.success
    assert not outcome.interrupted
    assert (outcome.failures[0].step, outcome.failures[0].error) == ("step", kind)
    assert outcome.failures[0].message.rstrip(":") == message
    assert "raise error from cause" in outcome.failures[0].trace


@pytest.mark.filterwarnings("ignore")
def test_an_interruption_is_not_a_failure() -> None:
    result = _raising(KeyboardInterrupt())
    assert outcome_of("id", result.all_events, success=result.success).interrupted


@pytest.mark.filterwarnings("ignore")
def test_checks_are_reported_with_their_severity() -> None:
    @dg.asset(check_specs=[dg.AssetCheckSpec("tidy", asset="thing", blocking=True)])
    def thing() -> dg.MaterializeResult:  # type: ignore[type-arg]
        result = dg.AssetCheckResult(
            passed=False, check_name="tidy", severity=dg.AssetCheckSeverity.WARN, description="A mess."
        )
        return dg.MaterializeResult(check_results=[result])

    result = dg.materialize([thing])
    (check,) = outcome_of("id", result.all_events, success=result.success).checks
    assert (check.asset, check.name, check.passed, check.blocking) == ("thing", "tidy", False, True)
    assert (check.severity, check.description) == ("WARN", "A mess.")


def test_every_user_error_is_known_by_name() -> None:
    known = error_classes()
    for kind in (ConfigurationError, DataRefused, StoreError, BundleRefused, PromotionConflict):
        assert known[kind.__name__] is kind
