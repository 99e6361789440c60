"""`migraine history`, `promote` and `rollback`."""

import datetime as dt
import getpass
import os
from typing import Annotated

import typer

from migraine_assets.cli.console import print_error, say, show
from migraine_assets.errors import ConfigurationError
from migraine_assets.settings import Settings
from migraine_assets.stores.store import Store

TASKS = ("attack", "severity")

Task = Annotated[str, typer.Argument(help="attack or severity")]
Reason = Annotated[str, typer.Option("--why", help="Reason, kept in the promotion record.")]


def history() -> None:
    """List every promotion, refusal and rollback."""
    from migraine_assets.stores.registry.promotion_history import history as promotion_history

    rows = [
        (entry.record.id, entry.record.when, entry.record.task, entry.record.what, str(entry.effect))
        + (_short(entry.record.from_champion), _short(entry.record.to_champion), entry.record.who)
        + (" ".join(entry.record.why),)
        for entry in promotion_history(_store())
    ]
    if not rows:
        say("Nothing has been promoted yet: start with `migraine run`.")
        return
    show("Promotions", ("no.", "when", "task", "action", "effect", "from", "to", "who", "why"), rows)


def promote(
    task: Task,
    bundle: Annotated[str, typer.Argument(help="Hash of a bundle in the store, or the beginning of it.")],
    why: Reason = "by hand",
) -> None:
    """Promote a bundle to champion without passing the gate."""
    from migraine_assets.stores.registry.champions import promote as move
    from migraine_assets.stores.registry.pointer import read_pointer

    store = _store()
    champion = _resolve_bundle(store, _check_task(task), bundle)
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

    store = _store()
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


def _resolve_bundle(store: Store, task: str, prefix: str) -> str:
    """Return the full hash of the only bundle that begins with `prefix`, if it is a model of `task`."""
    from migraine_assets.stores.bundles.bundles import load_manifest

    matches = [name for name in store.list("bundles") if name.startswith(prefix)]
    if len(matches) != 1:
        count = f"{len(matches)} bundles begin with" if matches else "No bundle begins with"
        raise ConfigurationError(f"{count} '{prefix}' in {store.uri}. `migraine history` lists former champions.")
    bundle_task = load_manifest(store, matches[0]).task
    if bundle_task != task:
        raise ConfigurationError(f"The bundle {_short(matches[0])} was trained for '{bundle_task}', not '{task}'.")
    return matches[0]


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
