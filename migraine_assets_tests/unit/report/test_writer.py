"""Reports are written atomically, even if the writer is killed at any moment; older reports stay."""

import json
import os
import re
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from migraine_assets.core.evaluation.results import TaskEvaluation
from migraine_assets.errors import StoreError
from migraine_assets.report.plots.figures import pictures
from migraine_assets.report.writer import figures, section, write_reports
from migraine_assets_tests.unit.report.markup import parse
from migraine_assets_tests.unit.report.simulated import (
    CLASSIFIERS,
    FACTS,
    REGRESSORS,
    attack_evaluation,
    severity_evaluation,
)

# If every model failed there is no figure to draw, so that a writer can be killed many times quickly.
ATTACK = attack_evaluation(participants=6, days=5, failed=dict.fromkeys(CLASSIFIERS, "MemoryError"))
SEVERITY = severity_evaluation(participants=6, days=5, failed=dict.fromkeys(REGRESSORS, "MemoryError"))
EVENTS = ("open", "os.mkdir", "os.rename", "os.symlink", "os.rmdir", "os.remove")


@pytest.fixture(scope="module")
def attack() -> TaskEvaluation:
    return attack_evaluation(participants=12, days=15)


def _sound(reports: Path) -> list[str]:
    """Check every visible file under `reports`; return the names of the runs."""
    runs = sorted(path.name for path in reports.iterdir() if not path.name.startswith("."))
    for name in runs:
        json.loads((reports / name / "evaluation.json").read_bytes())
        for path in (reports / name).iterdir():
            assert not path.name.startswith(".")
            if path.suffix == ".html":
                page = parse(path.read_bytes())
                links = [link for link in page.attributes("href") if not link.startswith("#")]
                assert all((path.parent / link).exists() for link in links)
    return [name for name in runs if name != "latest"]


def test_both_tasks_at_once(tmp_path: Path, attack: TaskEvaluation) -> None:
    folder = write_reports(tmp_path / "reports", "run1", facts=FACTS, attack=attack, severity=SEVERITY)
    assert {path.name for path in folder.iterdir()} == {
        "attack.html",
        "attack_model_card.html",
        "attack_model_card.md",
        "severity.html",
        "evaluation.json",
        "index.html",
        *(f"attack_{name}.svg" for name in pictures(attack)),
    }
    assert set(figures(folder, "attack")) == set(pictures(attack)) >= {"roc", "calibration", "comparison"}
    assert figures(folder, "severity") == {}, "no severity model was trained"
    assert _sound(tmp_path / "reports") == ["run1"]


def test_a_later_task_is_added_to_the_folder(tmp_path: Path) -> None:
    write_reports(tmp_path, "run1", facts=FACTS, attack=ATTACK)
    before = (tmp_path / "run1/attack.html").read_bytes()
    write_reports(tmp_path, "run1", facts=FACTS, severity=SEVERITY)
    assert list(json.loads((tmp_path / "run1/evaluation.json").read_bytes())) == ["attack", "severity"]
    assert (tmp_path / "run1/attack.html").read_bytes() == before
    assert "attack.html" in parse((tmp_path / "run1/index.html").read_bytes()).attributes("href")
    assert _sound(tmp_path) == ["run1"]


def test_latest_follows_and_old_reports_stay(tmp_path: Path) -> None:
    write_reports(tmp_path, "run1", facts=FACTS, attack=ATTACK)
    old = {path.name: path.read_bytes() for path in (tmp_path / "run1").iterdir()}
    write_reports(tmp_path, "run2", facts=replace(FACTS, run_id="second"), attack=ATTACK)
    assert (tmp_path / "latest").resolve() == (tmp_path / "run2").resolve()
    assert not (tmp_path / "latest").readlink().is_absolute()
    assert {path.name: path.read_bytes() for path in (tmp_path / "run1").iterdir()} == old
    assert _sound(tmp_path) == ["run1", "run2"]


def _write_and_die(reports: Path, name: str, after: int, *, severity: bool) -> bool:
    """Write in a child process that is killed at its n-th file operation; return True if it finished before."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    remaining = after

    def kill(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal remaining
        if event in EVENTS and str(reports) in str(arguments[0]):
            remaining -= 1
            if remaining < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(kill)
    task = {"severity": SEVERITY} if severity else {"attack": ATTACK}
    write_reports(reports, name, facts=FACTS, **task)
    os._exit(0)


@pytest.mark.parametrize("same_run", [False, True])
def test_a_writer_killed_at_any_moment_leaves_no_partial_report(tmp_path: Path, same_run: bool) -> None:
    deaths = 0
    for after in range(100):
        reports = tmp_path / str(after)
        write_reports(reports, "old", facts=FACTS, attack=ATTACK)
        finished = _write_and_die(reports, "old" if same_run else "new", after, severity=same_run)
        assert "old" in _sound(reports)
        write_reports(reports, "next", facts=FACTS, severity=SEVERITY)
        assert "next" in _sound(reports)
        assert {path.name for path in reports.iterdir() if path.name.startswith(".")} == {".lock"}
        if finished:
            break
        deaths += 1
    assert finished
    assert deaths >= 6


def test_two_concurrent_writers_of_one_run(tmp_path: Path) -> None:
    children = []
    for task in ({"attack": ATTACK}, {"severity": SEVERITY}):
        child = os.fork()
        if not child:
            write_reports(tmp_path, "run1", facts=FACTS, **task)
            os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
    assert list(json.loads((tmp_path / "run1/evaluation.json").read_bytes())) == ["attack", "severity"]


def test_a_folder_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("not a folder")
    with pytest.raises(StoreError, match=r"cannot be written: .*Older reports are untouched"):
        write_reports(tmp_path / "reports", "run1", facts=FACTS, attack=ATTACK)


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden", "latest"])
def test_an_invalid_folder_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(name))):
        write_reports(tmp_path, name, facts=FACTS, attack=ATTACK)


@pytest.mark.parametrize("restored", ["folder", "file", "dangling link"])
def test_a_latest_that_a_backup_restored_as_something_else_is_replaced(tmp_path: Path, restored: str) -> None:
    latest = tmp_path / "latest"
    if restored == "folder":
        latest.mkdir()
        (latest / "evaluation.json").write_text("{")
    elif restored == "file":
        latest.write_text("run1")
    else:
        latest.symlink_to("gone")
    write_reports(tmp_path, "run2", facts=FACTS, attack=ATTACK)
    assert latest.is_symlink()
    assert latest.resolve() == (tmp_path / "run2").resolve()
    # The folder may hold the only copy of a report.
    assert (tmp_path / "restored-1" / "evaluation.json").exists() == (restored == "folder")
    (tmp_path / "run2" / "evaluation.json").write_bytes(b"\xff")
    write_reports(tmp_path, "run2", facts=FACTS, attack=ATTACK)
    assert section(tmp_path / "run2", "attack") is not None
