"""What the newest monitoring results say, task by task. Not here: how a verdict is found (`core.monitoring`)."""

from collections.abc import Callable, Mapping
from typing import Any

from migraine_assets.errors import StoreError
from migraine_assets.stores.filesystem import Store
from migraine_assets.stores.monitoring.results import Kind, latest
from migraine_assets.stores.operations import Verdict

KINDS: tuple[Kind, ...] = ("drift", "realised", "estimated")
Verdicts = dict[str, dict[str, Verdict]]


def verdicts(store: Store, *, known: Mapping[str, Mapping[str, Verdict]], complain: Callable[[str], None]) -> Verdicts:
    """By kind and task. What cannot be read stays as it was `known`, whose age then tells."""
    found = {kind: dict(tasks) for kind, tasks in known.items()}
    for kind in KINDS:
        try:
            newest = latest(store, kind)
        except StoreError as error:
            complain(str(error))
            continue
        if newest is not None:
            day, content = newest
            found[kind] = {task: Verdict(status, day.isoformat()) for task, status in _statuses(content)}
    return found


def _statuses(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(task, said["status"]) for task, said in content["tasks"].items()]
