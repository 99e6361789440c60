"""`migraine history`, `promote` and `rollback`.

Not here: moving the pointer (`stores.registry.champions`), promotion records (`stores.registry.promotion_history`).
"""

import datetime as dt
import getpass
import os
from typing import Annotated

import typer

from migraine_assets.cli.console import AsJson, local_time, print_error, print_json, say, show
from migraine_assets.cli.documents.evaluation import HistoryDocument, PromotionLine
from migraine_assets.cli.home import writable_store
from migraine_assets.errors import ConfigurationError
from migraine_assets.settings import Settings
from migraine_assets.stores.store import Store

TASKS = ("attack", "severity")

Task = Annotated[str, typer.Argument(help="attack or severity", autocompletion=lambda: list(TASKS))]
Reason = Annotated[str, typer.Option("--why", help="Reason, kept in the promotion record.")]


def history(*, as_json: AsJson = False) -> None:
    """List every promotion, refusal and rollback."""
    from migraine_assets.stores.registry.promotion_history import history as promotion_history

    damaged: list[str] = []
    lines = [
        PromotionLine(
            id=entry.record.id,
            when=entry.record.when,
            task=entry.record.task,
            action=entry.record.what,
            effect=entry.effect,
            from_champion=entry.record.from_champion,
            to_champion=entry.record.to_champion,
            who=entry.record.who,
            why=entry.record.why,
        )
        for entry in promotion_history(_store(), damaged=damaged)
    ]
    for message in damaged:
        print_error(message)
    if as_json:
        print_json(HistoryDocument(promotions=lines))
        return
    if not lines:
        say("Nothing has been promoted yet: start with `migraine run`.")
        return
    rows = [
        (line.id, local_time(line.when), line.task, line.action, line.effect, line.who)
        + (line.from_champion or "", line.to_champion, " ".join(line.why))
        for line in lines
    ]
    columns = ("no.", "when", "task", "action", "effect", "who", "from", "to", "why")
    show("Promotions", columns, rows, below=("from", "to", "why"))


def promote(
    task: Task,
    bundle: Annotated[str, typer.Argument(help="Hash of a bundle in the store, or the beginning of it.")],
    why: Reason = "by hand",
) -> None:
    """Promote a bundle to champion without passing the gate."""
    from migraine_assets.stores.bundles.bundles import find_bundle
    from migraine_assets.stores.registry.champions import promote as move
    from migraine_assets.stores.registry.pointer import read_pointer

    store = writable_store()
    champion = find_bundle(store, _check_task(task), bundle)
    before = read_pointer(store).tasks.get(task)
    challenger = before.champion if before and before.champion != champion else None
    move(store, task, champion=champion, challenger=challenger, who=_user(), when=_now(), why=(why,))
    say(f"{task}: {_short(champion)} is now the champion.")
    _move_aliases(task, store)


def rollback(
    task: Task,
    to: Annotated[str | None, typer.Option(help="A former champion; by default the previous one.")] = None,
    why: Reason = "by hand",
) -> None:
    """Roll back to the previous champion."""
    from migraine_assets.stores.registry.champions import rollback as move

    store = writable_store()
    record = move(store, _check_task(task), who=_user(), when=_now(), why=(why,), to=to)
    say(f"{task}: rolled back from {_short(record.from_champion)} to {_short(record.to_champion)}.")
    _move_aliases(task, store)


def _move_aliases(task: str, store: Store) -> None:
    """Move MLflow's aliases too. Only the store's pointer decides, so an unreachable MLflow is a warning."""
    from migraine_assets.stores.registry.pointer import read_pointer
    from migraine_assets.stores.tracking.experiments import Tracker, attempt

    current = read_pointer(store).tasks[task]
    settings = Settings()
    tracker = Tracker(settings.tracking_uri, artifact_root=settings.artifact_root)
    attempt(
        lambda: tracker.models.point(task, champion=current.champion, challenger=current.challenger),
        warn=lambda reason: print_error(f"MLflow aliases were not moved. {reason}"),
    )


def _check_task(task: str) -> str:
    if task not in TASKS:
        raise ConfigurationError(f"There is no task '{task}'. The tasks are {' and '.join(TASKS)}.")
    return task


def _store() -> Store:
    return Store(Settings().store_location)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # In a container the user id need not have a name.
        return f"uid {os.getuid()}"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _short(bundle: str | None) -> str:
    return bundle[:12] if bundle else "-"
