"""'Materialize all' from nothing: what it leaves behind, and that doing it again changes nothing."""

import pytest

from migraine_assets.stores.assets import deliveries
from migraine_assets.stores.bundles.bundles import load_bundle, load_provenance
from migraine_assets.stores.registry.champions import history
from migraine_assets_tests.support.homes import TASKS, Ended, Home, assert_sound

ATTACK = {
    "roc_auc", "pr_auc", "accuracy", "precision", "recall", "f1", "brier", "calibration_slope",
    "calibration_intercept", "within_person_auc",
}  # fmt: skip
SEVERITY = {"mse", "rmse", "mae", "r2"}
BASELINES = {"base_rate", "persistence", "personal_rate"}


@pytest.fixture(scope="module")
def again(trained: Home) -> Ended:
    """The command on the same landing folder, with nothing changed since."""
    return trained.migraine("run")


def test_every_model_has_a_bundle_and_everything_is_whole(trained: Home) -> None:
    assert len(trained.bundles()) == 16
    assert all(trained.bundles().values())
    assert_sound(trained)


@pytest.mark.parametrize(("task", "metrics"), [("attack", ATTACK), ("severity", SEVERITY)])
def test_evaluation_json_holds_every_model_and_baseline_with_intervals(
    trained: Home, task: str, metrics: set[str]
) -> None:
    section = trained.figures()[task]
    assert len(section["models"]) == 8
    assert set(section["baselines"]) == BASELINES
    for found in (*section["models"].values(), *section["baselines"].values()):
        assert set(found["test"]) == metrics
        assert all(set(figure) == {"value", "ci_low", "ci_high"} for figure in found["test"].values())
    assert {"cv", "test", "flags", "seconds"} <= set(section["models"][section["champion"]])
    assert section["challenger"] in section["models"]


@pytest.mark.parametrize("task", TASKS)
def test_the_best_two_serve_with_a_record(trained: Home, task: str) -> None:
    place, section, bundles = trained.pointer.tasks[task], trained.figures()[task], trained.bundles()
    assert place.champion == bundles[f"{task}/{section['champion']}"]
    assert place.challenger == bundles[f"{task}/{section['challenger']}"]
    (record,) = [entry.record for entry in history(trained.store) if entry.record.task == task]
    assert (record.what, record.from_champion, record.to_champion) == ("promote", None, place.champion)


def test_a_bundle_tells_its_data_and_its_run(trained: Home) -> None:
    champion = trained.pointer.tasks["attack"].champion
    manifest = load_bundle(trained.store, champion).manifest
    (entry,) = deliveries.log(trained.store)
    assert manifest.data_version == entry.acceptance.md5 == trained.asset("raw_diary").delivery.md5
    assert load_provenance(trained.store, champion)["dagster_run"]


def test_every_row_is_accounted_for(trained: Home) -> None:
    raw, valid, aside = (trained.asset(key) for key in ("raw_diary", "validated_diary", "quarantined_rows"))
    assert raw.frame.rows == valid.frame.rows + aside.frame.rows == 600
    steps = {step.name: step.rows for step in trained.asset("folds").steps}
    assert sum(steps.values()) <= trained.asset("features").frame.rows


def test_a_run_with_nothing_changed_says_so(again: Ended) -> None:
    assert again.code == 0, again.err
    assert again.err.count("as trained before") == 16
    assert again.err.count("as evaluated before") == 2
    assert "attack: unchanged. The best two serve already." in again.out


def test_a_run_with_nothing_changed_leaves_no_trace_but_its_own(trained: Home, again: Ended) -> None:
    assert again.code == 0
    assert len(history(trained.store)) == 2
    assert len(deliveries.log(trained.store)) == 1
    (report,) = trained.reports.glob("[0-9]*")
    assert trained.evaluation_of("attack").report == str(report)
    assert str(report / "index.html") in again.out
    assert_sound(trained)


def test_what_the_landing_folder_holds_is_looked_at_only_by_name(trained: Home, again: Ended) -> None:
    assert again.code == 0
    assert trained.asset("raw_diary").delivery.files[0].name == "diary.csv"
    assert trained.asset("raw_diary").delivery.md5.endswith(".dir")
