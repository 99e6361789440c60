"""Putting finished reports into their folder, whole or not at all. Not here: what they say (`report.page`).

`reports/<name>/` holds one run: a report and a model card for each task, `evaluation.json`, `index.html`. The
folder is built under a hidden name and renamed. A task that comes later is added to it: its pages first, then
`evaluation.json` and `index.html`, which alone make them known, each replaced in one step. `reports/latest` is a
link to the newest run, replaced in one step. Reports of other runs are never touched.
"""

import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from migraine_assets.core.evaluation.results import TaskEvaluation
from migraine_assets.core.tasks import Task
from migraine_assets.errors import StoreError
from migraine_assets.report import evaluation_json
from migraine_assets.report.page import index_page, model_card, report_page
from migraine_assets.report.run_info import RunFacts
from migraine_assets.stores.locks import file_lock


def section(folder: Path, task: Task) -> dict[str, Any] | None:
    """What `folder`'s evaluation.json says of `task`; None where it or the task's page is gone or damaged."""
    try:
        found = evaluation_json.load((folder / EVALUATION).read_bytes()).get(task)
    except (OSError, ValueError):
        return None
    return found if (folder / f"{task}.html").is_file() else None


def adopt(reports: Path, name: str, task: Task, *, source: Path, facts: RunFacts) -> Path:
    """Let `reports/<name>/` show `task` as the report in `source` does; the folder that shows it now.

    Nothing is copied where the newest report shows it already and the folder does not exist. The index names the run
    of `facts`; each page goes on naming the run that made it. Raises `StoreError` where the folder cannot be written.
    """
    known, newest, folder = section(source, task), reports / LATEST, reports / name
    if known is None:
        raise ValueError(f"{source} holds no finished report of '{task}'")
    if not folder.exists() and section(newest, task) == known:
        return newest.resolve()
    pages = {path.name: path.read_bytes() for path in source.iterdir() if _belongs(path.name, task)}
    return publish(reports, name, facts=facts, pages=pages, sections={task: known})


def _belongs(leaf: str, task: Task) -> bool:
    return leaf.startswith((f"{task}.", f"{task}_"))


EVALUATION, INDEX, LATEST = "evaluation.json", "index.html", "latest"
_BUILDING = ".building-"


def write_reports(
    reports: Path,
    name: str,
    *,
    facts: RunFacts,
    attack: TaskEvaluation | None = None,
    severity: TaskEvaluation | None = None,
) -> Path:
    """Write the tasks that are given to `reports/<name>/`, beside what is there of the other; the folder.

    Raises `StoreError` where the disk is full or the folder cannot be written; what was there stays as it was.
    """
    given = [evaluation for evaluation in (attack, severity) if evaluation is not None]
    # Drawn before the lock is taken: the other task's report must not wait for it.
    pages = {leaf: page for evaluation in given for leaf, page in pages_of(evaluation, facts).items()}
    return publish(reports, name, facts=facts, pages=pages, sections=evaluation_json.to_json(attack, severity))


def publish(
    reports: Path, name: str, *, facts: RunFacts, pages: Mapping[str, bytes], sections: Mapping[str, Any]
) -> Path:
    """Put finished `pages` and their `sections` of `evaluation.json` there, as `write_reports` does."""
    if not name or Path(name).name != name or name.startswith(".") or name == LATEST:
        raise ValueError(f"{name!r} is no folder name")
    folder = reports / name
    try:
        with _locked(reports):
            _clear(reports)
            both = evaluation_json.merge(_known(folder), sections)
            last = {EVALUATION: evaluation_json.dump(both), INDEX: index_page(both, facts)}
            _put(folder, {**pages, **last})
            _point(reports / LATEST, name)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(f"The report in {folder} cannot be written: {reason}. Older reports are untouched.") from error
    return folder


def pages_of(evaluation: TaskEvaluation, facts: RunFacts) -> dict[str, bytes]:
    """The pages of one task by file name; the model card only where there is a champion."""
    task = evaluation.task
    pages = {f"{task}.html": report_page(evaluation, facts)}
    if evaluation.champion is not None:
        pages[f"{task}_model_card.html"] = model_card(evaluation, facts)
        pages[f"{task}_model_card.md"] = model_card(evaluation, facts, form="md")
    return pages


def _known(folder: Path) -> dict[str, Any]:
    path = folder / EVALUATION
    return evaluation_json.load(path.read_bytes()) if path.exists() else {}


@contextmanager
def _locked(reports: Path) -> Iterator[None]:
    """One writer at a time: the two tasks of a run may end together in two processes."""
    reports.mkdir(parents=True, exist_ok=True)
    with file_lock(reports / ".lock"):
        yield


def _clear(reports: Path) -> None:
    """Remove what a killed writer left behind. Under the lock nobody else is building."""
    for left in reports.glob(f"{_BUILDING}*"):
        left.unlink() if left.is_symlink() else shutil.rmtree(left)


def _put(folder: Path, files: Mapping[str, bytes]) -> None:
    building = folder.parent / f"{_BUILDING}{uuid.uuid4().hex}"
    building.mkdir()
    for leaf, content in files.items():
        _write_synced(building / leaf, content)
    _sync(building)
    if folder.exists():
        for leaf in files:
            os.replace(building / leaf, folder / leaf)
        building.rmdir()
    else:
        building.rename(folder)
    _sync(folder)
    _sync(folder.parent)


def _point(link: Path, name: str) -> None:
    temporary = link.with_name(f"{_BUILDING}{uuid.uuid4().hex}")
    temporary.symlink_to(name, target_is_directory=True)
    os.replace(temporary, link)


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
