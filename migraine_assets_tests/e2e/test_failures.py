"""No model meets the bar, MLflow is not there, assets are asked for too early: what goes on, and what is said."""

from collections.abc import Callable

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from migraine_assets.cli.dagster.instance import open_instance
from migraine_assets.definitions import build_defs
from migraine_assets.settings import Settings
from migraine_assets_tests.support.homes import Ended, Home, assert_sound
from migraine_assets_tests.support.small_diary import diary

# The discard port of this machine: nobody listens there.
NOBODY = "http://127.0.0.1:9"


def _materialize(home: Home, *keys: str) -> dg.ExecuteInProcessResult:
    """What materializing only `keys` in the UI does."""
    selection = [dg.AssetKey.from_user_string(key) for key in keys]
    with home.entered(), open_instance(Settings()) as instance:
        job = build_defs().resolve_implicit_global_asset_job_def()
        return job.execute_in_process(instance=instance, asset_selection=selection, raise_on_error=False)


@pytest.fixture(scope="module")
def hopeless(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Ended]:
    """A flat table by chance, without severities, and no MLflow: nothing can be promoted, nothing is tracked."""
    home, random = Home.make(tmp_path_factory.mktemp("hopeless") / "home"), np.random.default_rng(5)
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
    return home, home.process("run", extra={"MIGRAINE_MLFLOW_TRACKING_URI": NOBODY})


def test_no_model_that_meets_the_bar_is_exit_code_4(hopeless: tuple[Home, Ended]) -> None:
    home, ended = hopeless
    assert ended.code == 4, ended.text
    assert "No model met the bar for the task 'attack'" in ended.err
    assert "Traceback" not in ended.text
    assert home.pointer.tasks == {}
    assert {home.asset(f"champions/{task}").outcome for task in ("attack", "severity")} == {"none"}


def test_where_every_model_failed_there_is_a_report_that_says_why(hopeless: tuple[Home, Ended]) -> None:
    home, _ = hopeless
    section = home.figures()["severity"]
    assert section["champion"] is None
    assert all("nothing to train on" in model["error"] for model in section["models"].values())
    assert "nothing to train on" in (home.reports / "latest" / "severity.html").read_text()
    assert_sound(home)


def test_without_mlflow_the_run_goes_on_and_says_so_once(hopeless: tuple[Home, Ended]) -> None:
    _, ended = hopeless
    assert ended.err.count(f"MLflow at {NOBODY} cannot be used") == 1


def test_where_mlflow_is_there_again_it_is_told_of_what_was_trained_without_it(hopeless: tuple[Home, Ended]) -> None:
    home, ended = hopeless
    assert ended.code == 4
    assert home.models("attack")["knn"].mlflow_run is None
    again = home.migraine("run")
    assert again.code == 4, again.text
    assert again.err.count("as trained before") == 8
    assert home.models("attack")["knn"].mlflow_run


def test_an_asset_whose_inputs_exist_can_be_made_alone(trained: Home) -> None:
    result = _materialize(trained, "classifiers/knn", "folds")
    assert result.success
    made = {event.asset_key.to_user_string() for event in result.get_asset_materialization_events()}
    assert made == {"classifiers/knn", "folds"}


def test_an_asset_whose_input_was_never_made_says_which(home: Home) -> None:
    result = _materialize(home, "preprocessed_diary")
    assert not result.success
    error = result.failure_data_for_node("preprocessed_diary").error
    assert "The asset 'quarantined_rows' has no value" in error.cause.message
    assert "materialize it first" in error.cause.message


def test_folds_of_other_features_are_no_model_s_failure(trained: Home, copy_of: Callable[[Home], Home]) -> None:
    home = copy_of(trained)
    write = diary(8)
    write.to_csv(home.landing / "diary.csv", index=False)
    assert _materialize(
        home, "raw_diary", "validated_diary", "quarantined_rows", "preprocessed_diary", "features"
    ).success
    result = _materialize(home, "classifiers/knn")
    assert not result.success
    assert "materialize 'folds' again" in result.failure_data_for_node("classifiers__knn").error.cause.message
    assert home.asset("classifiers/knn") == trained.asset("classifiers/knn")
