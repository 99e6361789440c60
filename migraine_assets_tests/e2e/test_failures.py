"""No model meets the bar, MLflow is unreachable, or an input is missing: what continues, and what is reported."""

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from migraine_assets.cli.dagster.instance import open_instance
from migraine_assets.definitions import build_defs
from migraine_assets.settings import Settings
from migraine_assets_tests.support.homes import CopyHome, Home, Result, assert_sound
from migraine_assets_tests.support.small_diary import diary

pytestmark = pytest.mark.slow

# The discard port: nothing listens there.
UNREACHABLE = "http://127.0.0.1:9"


def _materialize(home: Home, *keys: str) -> dg.ExecuteInProcessResult:
    """Materialize only `keys`, as the UI does."""
    selection = [dg.AssetKey.from_user_string(key) for key in keys]
    with home.entered(), open_instance(Settings()) as instance:
        job = build_defs().resolve_implicit_global_asset_job_def()
        return job.execute_in_process(instance=instance, asset_selection=selection, raise_on_error=False)


@pytest.fixture(scope="module")
def random_table(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Result]:
    """A home with a flat table of random values without severities, and without MLflow: nothing is promoted."""
    home, random = Home.make(tmp_path_factory.mktemp("random") / "home"), np.random.default_rng(5)
    table = pd.DataFrame(
        {
            "age": random.integers(20, 60, 400),
            "gender": random.integers(0, 2, 400),
            "sleep_hours": np.round(random.normal(7, 1, 400), 1),
            "stress_level": random.integers(1, 11, 400),
            "migraine_occurrence": random.integers(0, 2, 400),
        }
    )
    table.to_csv(home.landing / "flat.csv", index=False)
    return home, home.process("run", extra={"MIGRAINE_MLFLOW_TRACKING_URI": UNREACHABLE})


def test_exit_code_4_when_no_model_meets_the_bar(random_table: tuple[Home, Result]) -> None:
    home, ended = random_table
    assert ended.code == 4, ended.text
    assert "No model met the bar for the task 'attack'" in ended.err
    assert "Traceback" not in ended.text
    assert home.pointer.tasks == {}
    assert {home.asset(f"champions/{task}").outcome for task in ("attack", "severity")} == {"none"}


def test_the_report_says_why_every_model_failed(random_table: tuple[Home, Result]) -> None:
    home, _ = random_table
    section = home.evaluation()["severity"]
    assert section["champion"] is None
    assert all("no target to train on" in model["error"] for model in section["models"].values())
    assert "no target to train on" in (home.reports / "latest" / "severity.html").read_text()
    assert_sound(home)


def test_without_mlflow_the_run_continues_and_warns_once(random_table: tuple[Home, Result]) -> None:
    _, ended = random_table
    assert ended.err.count(f"MLflow at {UNREACHABLE} cannot be used") == 1


def test_models_trained_without_mlflow_are_logged_once_it_is_back(
    random_table: tuple[Home, Result], copy_of: CopyHome
) -> None:
    home = copy_of(random_table[0])
    assert home.models("attack")["knn"].mlflow_run is None
    again = home.migraine("run")
    assert again.code == 4, again.text
    assert again.err.count("cached model") == 8
    assert home.models("attack")["knn"].mlflow_run


def test_an_asset_whose_inputs_exist_can_be_materialized_alone(trained_home: Home, copy_of: CopyHome) -> None:
    result = _materialize(copy_of(trained_home), "classifiers/knn", "folds")
    assert result.success
    materialized = {event.asset_key.to_user_string() for event in result.get_asset_materialization_events()}
    assert materialized == {"classifiers/knn", "folds"}


def test_a_missing_input_is_named(home: Home) -> None:
    result = _materialize(home, "preprocessed_diary")
    assert not result.success
    error = result.failure_data_for_node("preprocessed_diary").error
    assert "The asset 'quarantined_rows' has no value" in error.cause.message
    assert "materialize it first" in error.cause.message


def test_stale_folds_fail_the_step_instead_of_the_model(trained_home: Home, copy_of: CopyHome) -> None:
    home = copy_of(trained_home)
    diary(8).to_csv(home.landing / "diary.csv", index=False)
    assert _materialize(
        home, "raw_diary", "validated_diary", "quarantined_rows", "preprocessed_diary", "features"
    ).success
    result = _materialize(home, "classifiers/knn")
    assert not result.success
    assert "materialize 'folds' again" in result.failure_data_for_node("classifiers__knn").error.cause.message
    assert home.asset("classifiers/knn") == trained_home.asset("classifiers/knn")
