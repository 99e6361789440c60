"""'Materialize all' in a new home: its results, and a repeated run that changes nothing."""

import dagster as dg
import pytest

from migraine_assets.cli.dagster.instance import job_origin, open_instance
from migraine_assets.settings import Settings
from migraine_assets.stores.assets import delivery_log
from migraine_assets.stores.bundles.bundles import load_bundle
from migraine_assets.stores.bundles.provenance import load_provenance
from migraine_assets.stores.registry.promotion_history import history
from migraine_assets_tests.support.homes import TASKS, Home, Result, assert_sound

ATTACK = {
    "roc_auc", "pr_auc", "accuracy", "precision", "recall", "f1", "brier", "calibration_slope",
    "calibration_intercept", "within_person_auc",
}  # fmt: skip
SEVERITY = {"mse", "rmse", "mae", "r2"}
BASELINES = {"base_rate", "persistence", "personal_rate"}


def test_every_model_has_a_bundle_and_the_home_is_sound(trained_home: Home) -> None:
    assert len(trained_home.bundles()) == 16
    assert all(trained_home.bundles().values())
    assert_sound(trained_home)


@pytest.mark.parametrize(("task", "metrics"), [("attack", ATTACK), ("severity", SEVERITY)])
def test_evaluation_json_holds_every_model_and_baseline_with_intervals(
    trained_home: Home, task: str, metrics: set[str]
) -> None:
    section = trained_home.evaluation()[task]
    assert len(section["models"]) == 8
    assert set(section["baselines"]) == BASELINES
    for entry in (*section["models"].values(), *section["baselines"].values()):
        assert set(entry["test"]) == metrics
        assert all(set(metric) == {"value", "ci_low", "ci_high"} for metric in entry["test"].values())
    assert {"cv", "test", "flags", "seconds"} <= set(section["models"][section["champion"]])
    assert section["challenger"] in section["models"]


@pytest.mark.parametrize("task", TASKS)
def test_the_best_two_are_promoted_on_record(trained_home: Home, task: str) -> None:
    current, section, bundles = (
        trained_home.pointer.tasks[task],
        trained_home.evaluation()[task],
        trained_home.bundles(),
    )
    assert current.champion == bundles[f"{task}/{section['champion']}"]
    assert current.challenger == bundles[f"{task}/{section['challenger']}"]
    (record,) = [entry.record for entry in history(trained_home.store) if entry.record.task == task]
    assert (record.what, record.from_champion, record.to_champion) == ("promote", None, current.champion)


def test_a_bundle_names_its_data_and_its_run(trained_home: Home) -> None:
    champion = trained_home.pointer.tasks["attack"].champion
    manifest = load_bundle(trained_home.store, champion).manifest
    (entry,) = delivery_log.read_log(trained_home.store)
    assert manifest.data_version == entry.acceptance.md5 == trained_home.asset("raw_diary").delivery.md5
    assert load_provenance(trained_home.store, champion).dagster_run


def test_every_row_is_valid_or_quarantined(trained_home: Home) -> None:
    raw, valid, quarantined = (trained_home.asset(key) for key in ("raw_diary", "validated_diary", "quarantined_rows"))
    assert raw.frame.rows == valid.frame.rows + quarantined.frame.rows == 600
    steps = {step.name: step.rows for step in trained_home.asset("folds").steps}
    assert sum(steps.values()) <= trained_home.asset("features").frame.rows


def test_an_unchanged_rerun_says_so(unchanged_rerun: Result) -> None:
    assert unchanged_rerun.code == 0, unchanged_rerun.err
    assert unchanged_rerun.err.count("cached model") == 16
    assert unchanged_rerun.err.count("cached evaluation") == 2
    assert "attack: unchanged. The best two models are already champion and challenger." in unchanged_rerun.out


def test_a_run_of_the_command_belongs_to_the_code_location(trained_home: Home, unchanged_rerun: Result) -> None:
    """Without its code location, Dagster's UI shows a run neither on the home page nor on the timeline."""
    assert unchanged_rerun.code == 0
    with trained_home.entered(), open_instance(Settings()) as instance:
        (run,) = instance.get_runs(dg.RunsFilter(job_name="full_pipeline", tags={"migraine/started_by": "cli"}))
        of_location = dg.RunsFilter(
            tags={"dagster/code_location": "migraine_assets", ".dagster/repository": "__repository__@migraine_assets"}
        )
        assert run.run_id in {one.run_id for one in instance.get_runs(of_location)}
    assert run.remote_job_origin == job_origin("full_pipeline")


def test_an_unchanged_rerun_leaves_only_its_own_record(trained_home: Home, unchanged_rerun: Result) -> None:
    assert unchanged_rerun.code == 0
    assert len(history(trained_home.store)) == 2
    assert len(delivery_log.read_log(trained_home.store)) == 1
    (report,) = trained_home.reports.glob("[0-9]*")
    assert trained_home.evaluation_of("attack").report == str(report)
    assert str(report / "index.html") in unchanged_rerun.out
    assert_sound(trained_home)


def test_a_delivery_is_identified_by_file_names_and_content(trained_home: Home, unchanged_rerun: Result) -> None:
    assert unchanged_rerun.code == 0
    assert trained_home.asset("raw_diary").delivery.files[0].name == "diary.csv"
    assert trained_home.asset("raw_diary").delivery.md5.endswith(".dir")
