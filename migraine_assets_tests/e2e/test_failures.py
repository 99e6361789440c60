"""Models that fail, diaries that are refused, assets asked for too early: what goes on, and what is said."""

import uuid
from collections.abc import Callable

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from migraine_assets.cli.execution import RunOutcome, execute
from migraine_assets.cli.instance import open_instance
from migraine_assets.definitions import build_defs
from migraine_assets.settings import Settings
from migraine_assets.stores.registry import history
from migraine_assets_tests.homes import Ended, Home, assert_sound
from migraine_assets_tests.small_diary import diary, write_params


def _run_in(home: Home, job: str = "full_pipeline") -> RunOutcome:
    with home.entered(), open_instance(Settings()) as instance:
        config = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        return execute(instance, job, run_id=str(uuid.uuid4()), run_config=config, tags={})


def _materialize(home: Home, *keys: str) -> dg.ExecuteInProcessResult:
    """What materializing only `keys` in the UI does."""
    selection = [dg.AssetKey.from_user_string(key) for key in keys]
    with home.entered(), open_instance(Settings()) as instance:
        job = build_defs().resolve_implicit_global_asset_job_def()
        return job.execute_in_process(instance=instance, asset_selection=selection, raise_on_error=False)


@pytest.fixture(scope="module")
def one_failed(trained: Home, copy_of: Callable[[Home], Home]) -> tuple[Home, RunOutcome]:
    """A hyperparameter that XGBoost refuses when it is fitted; the loader cannot know."""
    home = copy_of(trained)
    write_params(home.params, replace=("    xgboost: {n_estimators: 8}\n", "    xgboost: {subsample: 3.0}\n"))
    return home, _run_in(home)


def test_one_model_that_fails_fails_alone(one_failed: tuple[Home, RunOutcome]) -> None:
    home, outcome = one_failed
    assert outcome.success
    assert [key for key, bundle in home.bundles().items() if bundle is None] == ["attack/xgboost"]
    assert_sound(home)


def test_its_check_fails_and_no_other_model_s(one_failed: tuple[Home, RunOutcome]) -> None:
    home, outcome = one_failed
    trained = {check.asset: check for check in outcome.checks if check.name == "trained"}
    assert len(trained) == 16
    for key, bundle in home.bundles().items():
        family = key.replace("attack/", "classifiers/").replace("severity/", "regressors/")
        assert trained[family].passed == (bundle is not None)
    assert "subsample" in trained["classifiers/xgboost"].description


def test_the_report_names_it_and_champions_come_from_the_rest(one_failed: tuple[Home, RunOutcome]) -> None:
    home, _ = one_failed
    section = home.figures()["attack"]
    assert "subsample" in section["models"]["xgboost"]["error"]
    assert section["models"]["xgboost"]["test"]["roc_auc"]["value"] is None
    assert section["champion"] not in (None, "xgboost")
    page = (home.reports / "latest" / "attack.html").read_text()
    assert "subsample" in page
    assert home.pointer.tasks["attack"].champion == home.bundles()[f"attack/{section['champion']}"]


@pytest.fixture(scope="module")
def hopeless(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Ended]:
    """A flat table by chance, without severities: no classifier meets the bar and no regressor can be trained."""
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
    return home, home.process("run")


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


@pytest.fixture(scope="module")
def refused(trained: Home, copy_of: Callable[[Home], Home]) -> tuple[Home, Ended]:
    """A delivery of one class only, after a good one."""
    home = copy_of(trained)
    calm = diary(3).assign(migraine_occurrence=0, migraine_severity=np.nan)
    calm.to_csv(home.landing / "diary.csv", index=False)
    return home, home.process("run")


def test_a_refused_diary_is_exit_code_3_with_the_sentences(refused: tuple[Home, Ended]) -> None:
    _, ended = refused
    assert ended.code == 3, ended.text
    assert "The diary was refused; nothing was trained, and who served still serves." in ended.err
    assert "- The diary has only days without an attack: a model needs days of both kinds." in ended.err
    assert "Traceback" not in ended.text


def test_behind_a_blocking_check_nothing_changes(refused: tuple[Home, Ended], trained: Home) -> None:
    home, _ = refused
    assert home.asset("validated_diary").delivery.md5 != home.asset("preprocessed_diary").delivery.md5
    assert home.asset("features") == trained.asset("features")
    assert home.pointer == trained.pointer
    assert home.bundles() == trained.bundles()
    assert home.migraine("data", "log").out.count("landing") == 1


def test_retraining_after_a_refusal_uses_the_diary_that_was_accepted(
    refused: tuple[Home, Ended], trained: Home
) -> None:
    home, _ = refused
    ended = home.migraine("run", "--job", "retrain")
    assert ended.code == 0, ended.err
    assert home.bundles() == trained.bundles()
    assert len(history(home.store)) == len(history(trained.store))


def test_a_check_that_only_warns_stops_nothing(one_failed: tuple[Home, RunOutcome]) -> None:
    _, outcome = one_failed
    warned = {check.name for check in outcome.checks if not check.passed and check.severity == "WARN"}
    assert {"missing_values", "better_than_personal_rate"} & warned
    assert outcome.success


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
