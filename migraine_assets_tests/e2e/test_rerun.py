"""What is made anew when something changed, and that every report shows both tasks all the same."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from migraine_assets_tests.homes import Ended, Home, assert_sound
from migraine_assets_tests.small_diary import write_params


@dataclass(frozen=True)
class Step:
    """A run, and what was there after it."""

    ended: Ended
    bundles: dict[str, str | None]
    reports: dict[str, str]
    newest: Path
    figures: dict[str, Any]


def _step(home: Home) -> Step:
    ended = home.migraine("run")
    assert ended.code == 0, ended.err
    reports = {task: home.evaluation_of(task).report for task in ("attack", "severity")}
    return Step(ended, home.bundles(), reports, (home.reports / "latest").resolve(), home.figures())


@pytest.fixture(scope="module")
def copied(trained: Home, copy_of: Callable[[Home], Home]) -> Home:
    """The trained home elsewhere."""
    return copy_of(trained)


@pytest.fixture(scope="module")
def moved(copied: Home) -> Step:
    """A run after the home was moved: its reports are of another folder, its models are not."""
    return _step(copied)


@pytest.fixture(scope="module")
def severity_changed(copied: Home, moved: Step) -> Step:
    """A run after a hyperparameter of a regressor changed: attack is evaluated first, and remembered."""
    assert moved.ended.code == 0
    write_params(copied.params, replace=("  severity:\n", "  severity:\n    ridge: {alpha: 2.0}\n"))
    return _step(copied)


@pytest.fixture(scope="module")
def attack_changed(copied: Home, severity_changed: Step) -> Step:
    """And then after one of a classifier changed: severity is remembered after attack was made anew."""
    assert severity_changed.ended.code == 0
    text = copied.params.read_text()
    copied.params.write_text(text.replace("n_neighbors: 20", "n_neighbors: 25"))
    return _step(copied)


def test_a_moved_home_remembers_its_models(moved: Step) -> None:
    assert moved.ended.err.count("as trained before") == 16
    assert "as evaluated before" not in moved.ended.err


def _changed(before: Step, after: Step) -> set[str]:
    return {key for key, bundle in after.bundles.items() if bundle != before.bundles[key]}


def test_only_the_model_that_changed_is_trained(moved: Step, severity_changed: Step, attack_changed: Step) -> None:
    assert _changed(moved, severity_changed) == {"severity/ridge"}
    assert severity_changed.ended.err.count("as trained before") == 15
    assert _changed(severity_changed, attack_changed) == {"attack/knn"}
    assert attack_changed.ended.err.count("as trained before") == 15


@pytest.mark.parametrize("changed", ["severity_changed", "attack_changed"])
def test_the_new_report_shows_the_task_that_was_remembered_too(
    changed: str, moved: Step, request: pytest.FixtureRequest
) -> None:
    step: Step = request.getfixturevalue(changed)
    assert step.ended.err.count("as evaluated before") == 1
    assert set(step.figures) == {"attack", "severity"}
    assert step.newest != moved.newest
    assert (step.newest / "attack.html").is_file()
    assert (step.newest / "severity.html").is_file()
    assert (step.newest / "attack_model_card.html").is_file()
    index = (step.newest / "index.html").read_text()
    assert "attack.html" in index
    assert "severity.html" in index


def test_the_remembered_section_is_the_old_one(moved: Step, severity_changed: Step, attack_changed: Step) -> None:
    assert severity_changed.figures["attack"] == moved.figures["attack"]
    assert severity_changed.figures["severity"] != moved.figures["severity"]
    assert attack_changed.figures["severity"] == severity_changed.figures["severity"]
    assert attack_changed.figures["attack"] != moved.figures["attack"]


def test_an_evaluation_refers_to_a_folder_that_shows_it(severity_changed: Step, attack_changed: Step) -> None:
    for step in (severity_changed, attack_changed):
        for task, folder in step.reports.items():
            assert task in json.loads(Path(folder, "evaluation.json").read_bytes())
    assert set(attack_changed.reports.values()) == {str(attack_changed.newest)}


def test_all_is_whole_in_the_end(copied: Home, attack_changed: Step) -> None:
    assert attack_changed.ended.code == 0
    assert_sound(copied)
