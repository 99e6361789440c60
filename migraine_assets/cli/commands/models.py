"""`migraine history`, `promote` and `rollback`."""

import datetime as dt
import getpass
import os

from migraine_assets.cli.console import complain, say, show
from migraine_assets.errors import ConfigurationError
from migraine_assets.settings import Settings
from migraine_assets.stores.store import Store

TASKS = ("attack", "severity")


def history() -> None:
    """List every record of the registry, oldest first."""
    from migraine_assets.stores.registry.champions import history as entries

    rows = [
        (entry.record.id, entry.record.when, entry.record.task, entry.record.what, str(entry.effect))
        + (_short(entry.record.from_champion), _short(entry.record.to_champion), entry.record.who)
        + (" ".join(entry.record.why),)
        for entry in entries(_store())
    ]
    if not rows:
        say("Nothing was promoted yet: start with `migraine run`.")
        return
    show("Promotions", ("no.", "when", "task", "what", "effect", "from", "to", "who", "why"), rows)


def promote(task: str, bundle: str, *, why: str) -> None:
    """Point the task at a bundle of the store."""
    from migraine_assets.stores.registry.champions import promote as move
    from migraine_assets.stores.registry.pointer import read_pointer

    store = _store()
    whole = _whole(store, _task(task), bundle)
    place = read_pointer(store).tasks.get(task)
    challenger = place.champion if place and place.champion != whole else None
    move(store, task, champion=whole, challenger=challenger, who=_who(), when=_now(), why=(why,))
    say(f"{task}: {_short(whole)} serves now.")
    _tell_mlflow(task, store)


def rollback(task: str, *, to: str | None, why: str) -> None:
    """Point the task back at a former champion."""
    from migraine_assets.stores.registry.champions import rollback as move

    store = _store()
    record = move(store, _task(task), who=_who(), when=_now(), why=(why,), to=to)
    say(f"{task}: {_short(record.to_champion)} serves again, instead of {_short(record.from_champion)}.")
    _tell_mlflow(task, store)


def _tell_mlflow(task: str, store: Store) -> None:
    """Move the aliases too; the store's pointer is what counts, so MLflow's absence is only said."""
    from migraine_assets.stores.registry.pointer import read_pointer
    from migraine_assets.stores.tracking.experiments import Tracker, attempt

    place = read_pointer(store).tasks[task]
    settings = Settings()
    tracker = Tracker(settings.tracking_uri, artifact_root=settings.artifact_root)
    attempt(
        lambda: tracker.models.point(task, champion=place.champion, challenger=place.challenger),
        warn=lambda sentence: complain(f"MLflow's aliases were not moved. {sentence}"),
    )


def _whole(store: Store, task: str, bundle: str) -> str:
    from migraine_assets.stores.bundles.bundles import load_manifest

    found = [name for name in store.list("bundles") if name.startswith(bundle)]
    if len(found) != 1:
        many = f"{len(found)} bundles begin with" if found else "No bundle begins with"
        raise ConfigurationError(f"{many} '{bundle}' in {store.uri}. `migraine history` lists those that served.")
    made_for = load_manifest(store, found[0]).task
    if made_for != task:
        raise ConfigurationError(f"The bundle {_short(found[0])} was trained for the task '{made_for}', not '{task}'.")
    return found[0]


def _task(task: str) -> str:
    if task not in TASKS:
        raise ConfigurationError(f"There is no task '{task}'. The tasks are {' and '.join(TASKS)}.")
    return task


def _store() -> Store:
    return Store(Settings().store_location)


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # In a container the user's number need not have a name.
        return f"uid {os.getuid()}"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _short(bundle: str | None) -> str:
    return bundle[:12] if bundle else "-"
