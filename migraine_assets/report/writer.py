"""Atomic writing of reports.

`reports/<name>/` is the folder of one run: a report, a model card and the figures of each task, `evaluation.json` and
`index.html`. It is built under a hidden name and then renamed. A task that is added later writes its pages first, then
`evaluation.json` and `index.html`, which make them visible; each file is replaced atomically. `reports/latest` is a
link to the newest run and is replaced atomically. Reports of other runs are never modified.

A backup may restore the link as a folder. That folder is renamed, because it may be the only copy of a report. Not
here: the content of reports (`report.page`).
"""

import itertools
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from migraine_assets.core.evaluation.results import TaskEvaluation
from migraine_assets.core.tasks import Task
from migraine_assets.errors import StoreError
from migraine_assets.report import evaluation_json
from migraine_assets.report.evaluation_json import Sections, TaskSection
from migraine_assets.report.page import index_page, model_card, report_page
from migraine_assets.report.plots.figures import pictures
from migraine_assets.report.run_info import RunFacts
from migraine_assets.stores.file_modes import make_folder
from migraine_assets.stores.locks import file_lock
from migraine_assets.stores.unfinished import sweep, unfinished_folder

EVALUATION, INDEX, LATEST = "evaluation.json", "index.html", "latest"
RESTORED = "restored"


def write_reports(
    reports: Path,
    name: str,
    *,
    facts: RunFacts,
    attack: TaskEvaluation | None = None,
    severity: TaskEvaluation | None = None,
) -> Path:
    """Write the reports of the given tasks to `reports/<name>/` and return the folder. Reports of the other task stay.

    Raises `StoreError` if the disk is full or the folder is not writable. Existing reports are not changed then.
    """
    evaluations = [evaluation for evaluation in (attack, severity) if evaluation is not None]
    # Rendered before the lock is taken, so that the report of the other task does not wait for it.
    pages = {leaf: page for evaluation in evaluations for leaf, page in pages_of(evaluation, facts).items()}
    sections = evaluation_json.to_sections(attack, severity, simulated=facts.simulated)
    return publish(reports, name, facts=facts, pages=pages, sections=sections)


def publish(
    reports: Path, name: str, *, facts: RunFacts, pages: Mapping[str, bytes], sections: Mapping[str, TaskSection]
) -> Path:
    """Write rendered `pages` and their `sections` of `evaluation.json`, as `write_reports` does."""
    if not name or Path(name).name != name or name.startswith(".") or name == LATEST:
        raise ValueError(f"{name!r} is not a valid folder name")
    folder = reports / name
    try:
        with _locked(reports):
            sweep(reports)
            merged = evaluation_json.merge(_sections(folder), sections)
            last = {EVALUATION: evaluation_json.dump(merged), INDEX: index_page(merged, facts)}
            _write_folder(folder, {**pages, **last})
            _link(reports / LATEST, name)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(f"The report in {folder} cannot be written: {reason}. Older reports are untouched.") from error
    return folder


def pages_of(evaluation: TaskEvaluation, facts: RunFacts) -> dict[str, bytes]:
    """Render the pages and figures of one task, by file name; the model card only if there is a champion."""
    task, figures = evaluation.task, pictures(evaluation)
    pages = {f"{task}.html": report_page(evaluation, facts, figures)}
    pages |= {f"{task}_{name}.svg": picture.svg for name, picture in figures.items()}
    if evaluation.champion is not None:
        pages[f"{task}_model_card.html"] = model_card(evaluation, facts)
        pages[f"{task}_model_card.md"] = model_card(evaluation, facts, form="md")
    return pages


def figures(folder: Path, task: Task) -> dict[str, Path]:
    """Return the files of the figures of `task` in `folder`, by name. Reports of early versions have none."""
    return {path.stem.removeprefix(f"{task}_"): path for path in sorted(folder.glob(f"{task}_*.svg"))}


def section(folder: Path, task: Task) -> TaskSection | None:
    """Return the section of `task` in `folder`'s evaluation.json, or None if it or the page is missing or damaged."""
    try:
        content = evaluation_json.load((folder / EVALUATION).read_bytes()).get(task)
    except (OSError, ValueError):
        return None
    return content if (folder / f"{task}.html").is_file() else None


def adopt(reports: Path, name: str, task: Task, *, source: Path, facts: RunFacts) -> Path:
    """Copy the report of `task` from the run in `source` to `reports/<name>/`, and return the folder that has it now.

    Nothing is copied if the newest report already has it and the folder does not exist. The index names the run of
    `facts`; each page keeps the name of the run that made it. Raises `StoreError` if the folder is not writable.
    """
    content, newest, folder = section(source, task), reports / LATEST, reports / name
    if content is None:
        raise ValueError(f"{source} contains no finished report of '{task}'")
    if not folder.exists() and newest.is_symlink() and section(newest, task) == content:
        return newest.resolve()
    prefixes = (f"{task}.", f"{task}_")
    pages = {path.name: path.read_bytes() for path in source.iterdir() if path.name.startswith(prefixes)}
    return publish(reports, name, facts=facts, pages=pages, sections={task: content})


def _sections(folder: Path) -> Sections:
    path = folder / EVALUATION
    try:
        return evaluation_json.load(path.read_bytes()) if path.exists() else {}
    except ValueError:  # damaged: the new sections replace it
        return {}


@contextmanager
def _locked(reports: Path) -> Iterator[None]:
    """Hold the lock of `reports` in this block: the two tasks of a run may finish at once in two processes."""
    make_folder(reports)
    with file_lock(reports / ".lock"):
        yield


def _write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    with unfinished_folder(folder, files) as building:
        if folder.exists():
            for leaf in files:
                os.replace(building / leaf, folder / leaf)
        else:
            building.rename(folder)
        _sync(folder)
        _sync(folder.parent)


def _link(link: Path, name: str) -> None:
    if link.is_dir() and not link.is_symlink():
        free = (link.with_name(f"{RESTORED}-{number}") for number in itertools.count(1))
        link.rename(next(path for path in free if not path.exists()))
    temporary = link.with_name(f".{link.name}.{uuid.uuid4().hex}")
    temporary.symlink_to(name, target_is_directory=True)
    os.replace(temporary, link)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
