"""One task's finished report, taken over into the folder of a later run.

A run that makes only one task's evaluation anew still shows both. Not here: when a report is taken over
(`defs.assets.evaluation`), how a folder is written (`report.writer`).
"""

from pathlib import Path
from typing import Any

from migraine_assets.core.tasks import Task
from migraine_assets.report import evaluation_json
from migraine_assets.report.facts import RunFacts
from migraine_assets.report.writer import EVALUATION, LATEST, publish


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
