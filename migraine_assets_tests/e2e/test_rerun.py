"""Refused diary, changed parameters, a failing model: a run recomputes only what changed."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from migraine_assets.cli.documents.evaluation import RunDocument
from migraine_assets.stores.assets import delivery_log
from migraine_assets.stores.registry.pointer import Pointer
from migraine_assets_tests.support.homes import CopyHome, Home, Result, assert_sound
from migraine_assets_tests.support.small_diary import diary, write_diary, write_params

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Step:
    """A run and the state after it."""

    ended: Result
    bundles: dict[str, str | None]
    reports: dict[str, str]
    newest: Path
    evaluation: dict[str, Any]
    pointer: Pointer
    diaries: list[str]


def _step(home: Home, *arguments: str) -> Step:
    ended = home.migraine("run", *arguments)
    assert ended.code == 0, ended.err
    reports = {task: home.evaluation_of(task).report for task in ("attack", "severity")}
    newest, diaries = (
        (home.reports / "latest").resolve(),
        [entry.acceptance.md5 for entry in delivery_log.read_log(home.store)],
    )
    return Step(ended, home.bundles(), reports, newest, home.evaluation(), home.pointer, diaries)


@pytest.fixture(scope="module")
def copied(trained_home: Home, copy_of: CopyHome) -> Home:
    """The trained home in another folder."""
    return copy_of(trained_home)


@pytest.fixture(scope="module")
def refused(copied: Home) -> tuple[Result, dict[str, str]]:
    """A refused diary of one class after a valid one, and the diary of each asset afterwards."""
    calm = diary(3).assign(migraine_occurrence=0, migraine_severity=np.nan)
    calm.to_csv(copied.landing / "diary.csv", index=False)
    ended = copied.process("run")
    keys = ("raw_diary", "validated_diary", "preprocessed_diary", "features")
    return ended, {key: copied.asset(key).delivery.md5 for key in keys}


@pytest.fixture(scope="module")
def moved(copied: Home, refused: tuple[Result, dict[str, str]]) -> Step:
    """A retraining after the home was moved: its reports name the old folder, its models do not."""
    assert refused[0].code == 3
    return _step(copied, "--job", "retrain", "--json")


@pytest.fixture(scope="module")
def severity_changed(copied: Home, moved: Step) -> Step:
    """A run after a change of a regressor's hyperparameter: the evaluation of attack is cached."""
    assert moved.ended.code == 0
    write_diary(copied.landing / "diary.csv")
    write_params(copied.params, replace=("  severity:\n", "  severity:\n    ridge: {alpha: 2.0}\n"))
    return _step(copied)


@pytest.fixture(scope="module")
def attack_changed(copied: Home, severity_changed: Step) -> Step:
    """A later run with a value that XGBoost rejects in `fit`: attack is evaluated again, severity is cached."""
    assert severity_changed.ended.code == 0
    text = copied.params.read_text()
    text = text.replace("xgboost: {n_estimators: 8}", "xgboost: {subsample: 3.0}", 1)
    copied.params.write_text(f"{text}\nquality: {{rare_class_warning: 1.0}}\n")
    return _step(copied)


def test_a_refused_diary_exits_with_3_and_its_reasons(refused: tuple[Result, dict[str, str]]) -> None:
    ended, _ = refused
    assert ended.code == 3, ended.text
    assert "The diary was refused. Nothing was trained; the champion is unchanged." in ended.err
    assert "- The diary has only days without an attack: a model needs days of both kinds." in ended.err
    assert "Traceback" not in ended.text


def test_nothing_changes_behind_a_blocking_check(refused: tuple[Result, dict[str, str]], trained_home: Home) -> None:
    _, diaries = refused
    good = trained_home.asset("raw_diary").delivery.md5
    assert diaries["raw_diary"] == diaries["validated_diary"] != good
    assert diaries["preprocessed_diary"] == diaries["features"] == good


def test_retraining_after_a_refusal_uses_the_accepted_diary(moved: Step, trained_home: Home) -> None:
    assert moved.bundles == trained_home.bundles()
    assert moved.pointer == trained_home.pointer
    assert moved.diaries == [trained_home.asset("raw_diary").delivery.md5]


def test_a_run_prints_one_document_on_request(moved: Step) -> None:
    document = msgspec.json.decode(moved.ended.out, type=RunDocument)
    assert document.report == str(moved.newest / "index.html")
    assert set(document.decisions) == {"attack", "severity"}
    for task, table in document.tasks.items():
        assert {row.bundle for row in table.rows if row.role == "champion"} == {moved.pointer.tasks[task].champion}
        scores = [row.cv[table.metric].value or 0 for row in table.rows]
        assert scores == sorted(scores, reverse=task == "attack"), "best first, with the baselines in their places"
        assert sum(row.role == "baseline" for row in table.rows) == 3


def test_a_moved_home_reuses_its_models(moved: Step) -> None:
    assert moved.ended.err.count("cached model") == 16
    assert "cached evaluation" not in moved.ended.err


def _changed(before: Step, after: Step) -> set[str]:
    return {key for key, bundle in after.bundles.items() if bundle != before.bundles[key]}


def test_only_the_changed_model_is_trained(moved: Step, severity_changed: Step, attack_changed: Step) -> None:
    assert _changed(moved, severity_changed) == {"severity/ridge"}
    assert severity_changed.ended.err.count("cached model") == 15
    assert _changed(severity_changed, attack_changed) == {"attack/xgboost"}
    assert attack_changed.ended.err.count("cached model") == 15


@pytest.mark.parametrize("changed", ["severity_changed", "attack_changed"])
def test_the_new_report_includes_the_cached_task(changed: str, moved: Step, request: pytest.FixtureRequest) -> None:
    step: Step = request.getfixturevalue(changed)
    assert step.ended.err.count("cached evaluation") == 1
    assert set(step.evaluation) == {"attack", "severity"}
    assert step.newest != moved.newest
    assert (step.newest / "attack.html").is_file()
    assert (step.newest / "severity.html").is_file()
    assert (step.newest / "attack_model_card.html").is_file()
    index = (step.newest / "index.html").read_text()
    assert "attack.html" in index
    assert "severity.html" in index


def test_the_cached_section_is_unchanged(moved: Step, severity_changed: Step, attack_changed: Step) -> None:
    assert severity_changed.evaluation["attack"] == moved.evaluation["attack"]
    assert severity_changed.evaluation["severity"] != moved.evaluation["severity"]
    assert attack_changed.evaluation["severity"] == severity_changed.evaluation["severity"]
    assert attack_changed.evaluation["attack"] != moved.evaluation["attack"]


def test_an_evaluation_names_a_folder_that_contains_it(severity_changed: Step, attack_changed: Step) -> None:
    for step in (severity_changed, attack_changed):
        for task, folder in step.reports.items():
            assert task in json.loads(Path(folder, "evaluation.json").read_bytes())
    assert set(attack_changed.reports.values()) == {str(attack_changed.newest)}


def test_the_home_is_sound_at_the_end(copied: Home, attack_changed: Step) -> None:
    assert attack_changed.ended.code == 0
    assert_sound(copied)


def test_a_failing_model_fails_alone(copied: Home, attack_changed: Step) -> None:
    outcome = copied.newest_run()
    assert outcome.success
    assert [key for key, bundle in attack_changed.bundles.items() if bundle is None] == ["attack/xgboost"]
    trained = {check.asset: check for check in outcome.checks if check.name == "trained"}
    assert len(trained) == 16
    assert [key for key, check in trained.items() if not check.passed] == ["classifiers/xgboost"]
    assert "subsample" in trained["classifiers/xgboost"].description


def test_the_report_names_the_failed_model_and_others_become_champions(copied: Home, attack_changed: Step) -> None:
    section = attack_changed.evaluation["attack"]
    assert "subsample" in section["models"]["xgboost"]["error"]
    assert section["models"]["xgboost"]["test"]["roc_auc"]["value"] is None
    assert "subsample" in (attack_changed.newest / "attack.html").read_text()
    assert section["champion"] not in (None, "xgboost")
    assert copied.pointer.tasks["attack"].champion == attack_changed.bundles[f"attack/{section['champion']}"]


def test_a_warning_check_stops_nothing(copied: Home, attack_changed: Step) -> None:
    assert attack_changed.ended.code == 0
    outcome = copied.newest_run()
    warned = {check.name for check in outcome.checks if not check.passed and check.severity == "WARN"}
    assert "class_balance" in warned
    assert outcome.success
