"""The asset `forecasts`: one run of a day leaves one set of records, and its check says who has none and why."""

import dagster as dg
import pytest

from migraine_assets.definitions import build_defs
from migraine_assets.defs.forecasts import CHECK
from migraine_assets.stores.prediction_log.prediction_ids import is_genuine
from migraine_assets.stores.prediction_log.reader import read
from migraine_assets.stores.prediction_log.record import PredictionRecord
from migraine_assets.stores.signing_secret import shared_secret
from migraine_assets_tests.support.homes import CopyHome, Home

# The diary of one of the 15 participants ends on the day before, those of ten earlier.
DAY = "2024-02-20"


@pytest.fixture(scope="module")
def home(trained_home: Home, copy_of: CopyHome) -> Home:
    copied = copy_of(trained_home)
    copied.params.write_text(copied.params.read_text() + "monitoring: {first_day: 2024-01-01}\n")
    return copied


def night(home: Home, day: str) -> dg.ExecuteInProcessResult:
    with home.entered(), dg.DagsterInstance.ephemeral() as instance:
        job = build_defs().resolve_job_def("nightly_forecasts")
        return job.execute_in_process(partition_key=day, instance=instance, raise_on_error=False)


def records(home: Home, day: str) -> tuple[PredictionRecord, ...]:
    return read(home.store, PredictionRecord, day=day).records


def test_a_night_leaves_one_set_of_records_and_says_who_has_none(home: Home) -> None:
    results = [night(home, DAY) for _ in range(2)]
    found = records(home, DAY)
    assert len(found) == len({record.id for record in found}) == len({record.participant for record in found}) == 11
    assert sorted(record.for_date or "" for record in found) == [f"2024-02-{day}" for day in range(10, 21)]
    for record in found:
        assert record.bundles["attack"] == home.pointer.tasks["attack"].champion
        assert is_genuine(shared_secret(home.store), record.id)
    for result in results:
        [check] = result.get_asset_check_evaluations()
        assert (check.check_name, check.passed) == (CHECK, True)
        assert check.description == (
            f"11 of 15 participants have a forecast made on {DAY}. 10 diaries end earlier: the forecast is of the day "
            "after. Without: 4 later entries."
        )
        [event] = result.get_asset_materialization_events()
        assert "p0" not in str(event.materialization.metadata)


def test_a_night_without_forecasts_fails_its_check(home: Home) -> None:
    result = night(home, "2024-01-20")
    [check] = result.get_asset_check_evaluations()
    assert result.success
    assert not check.passed
    assert "0 of 15 participants" in (check.description or "")


def test_without_a_model_the_run_says_what_to_do(tmp_path_factory: pytest.TempPathFactory) -> None:
    result = night(Home.make(tmp_path_factory.mktemp("homes") / "home"), "2026-01-01")
    assert not result.success
    errors = [event.step_failure_data.error for event in result.get_step_failure_events()]
    assert "No diary was delivered yet" in str(errors)
