"""`migraine erase`: what is shown and said, and which diaries hold a participant.

Not here: the places of the store and how they forget (`stores.erasure`).
"""

import datetime as dt
import getpass
from collections.abc import Iterator
from pathlib import Path

from migraine_assets.cli.console import say, show
from migraine_assets.errors import ConfigurationError, MigraineError
from migraine_assets.settings import Settings
from migraine_assets.sources.registry import read_source, repeat_source
from migraine_assets.stores.assets import deliveries
from migraine_assets.stores.erasure import (
    LATER,
    Trace,
    delivery_traces,
    frame_traces,
    log_traces,
    models_of,
    person_of,
    record,
)
from migraine_assets.stores.registry.pointer import read_pointer
from migraine_assets.stores.signing_secret import PATH, shared_secret
from migraine_assets.stores.store import Store

YOURS = "left: it is yours; take the person out, or the next run brings them back"


def erase(participant: str, *, yes: bool) -> None:
    """Show every trace of `participant`; with `yes` take it out. Raises `ConfigurationError` for an empty name."""
    if not participant.strip():
        raise ConfigurationError("Name the participant: migraine erase PARTICIPANT_ID.")
    settings, now = Settings(), dt.datetime.now(dt.UTC)
    store = Store(settings.store_location)
    # Looking makes no secret: without one nobody has a pseudonym yet.
    known = yes or settings.signing_secret or store.exists(PATH)
    secret = shared_secret(store, configured=settings.signing_secret) if known else b""
    person, when = person_of(participant, secret=secret, today=now.date()), now.isoformat(timespec="seconds")
    holding = _holding(store, participant)
    models = models_of(store, holding)

    def walk(*, write: bool) -> list[Trace]:
        return [
            *log_traces(store, person, write=write),
            *frame_traces(store, person, write=write),
            *delivery_traces(store, holding, when=when, write=write),
        ]

    traces = [*walk(write=False), *_yours(settings, participant)]
    _tell(store, traces, models)
    if not traces:
        say("There is no trace of this participant." + ("" if yes else " Is it written as in the diary?"))
    elif yes:
        place = record(store, person, who=getpass.getuser(), when=when, traces=traces, models=models)
        walk(write=True)
        say(f"Erased; written down in {place} by a keyed hash. Now: {_next(traces, models)}")
    else:
        say("Nothing was changed. `migraine erase PARTICIPANT --yes` does it.")


def _holding(store: Store, participant: str) -> dict[str, int]:
    """The MD5 of every kept diary with rows of the participant, and how many."""
    found: dict[str, int] = {}
    for entry in deliveries.log(store):
        identity = entry.acceptance.md5
        if identity in found or deliveries.erased(store, identity):
            continue
        kept = deliveries.restore(store, identity)
        delivery = repeat_source(
            kept.source, files=kept.files, md5=identity, mapping=kept.mapping, description=entry.acceptance.description
        )
        if rows := int((delivery.frame["participant_id"].astype(str) == participant).sum()):
            found[identity] = rows
    return found


def _yours(settings: Settings, participant: str) -> Iterator[Trace]:
    """Files in the landing place, which are the user's."""
    for path in sorted(settings.landing.glob("*")) if settings.landing.is_dir() else ():
        if count := _rows(path, participant, mapping=settings.mapping):
            yield Trace(str(path), "rows", count, YOURS)


def _rows(path: Path, participant: str, *, mapping: str | None) -> int:
    try:
        frame = read_source(str(path), mapping=mapping, options={}, landing=None).frame
    except MigraineError:
        # No diary, or one that no run accepts either.
        return path.read_bytes().count(participant.encode()) if path.is_file() else 0
    return int((frame["participant_id"].astype(str) == participant).sum())


def _tell(store: Store, traces: list[Trace], models: tuple[str, ...]) -> None:
    if traces:
        rows = [(trace.place, trace.kind, str(trace.count), trace.then) for trace in traces]
        show("Traces", ("where", "what", "how many", "what becomes of it"), rows, right=("how many",))
    if models:
        serving = {
            name: role
            for task, place in read_pointer(store).tasks.items()
            for name, role in ((place.champion, f"champion of {task}"), (place.challenger, f"challenger of {task}"))
            if name
        }
        show("Models trained on a diary that held them", ("bundle", ""), [(m, serving.get(m, "")) for m in models])


def _next(traces: list[Trace], models: tuple[str, ...]) -> str:
    steps = []
    if any(trace.then == YOURS for trace in traces):
        steps.append("take the person out of your files and of the source")
    steps.append("`migraine run` trains without them")
    if models:
        steps.append("delete the bundles above when others serve")
    if any(trace.then == LATER for trace in traces):
        steps.append("erase again tomorrow, when today's log is closed")
    return "; ".join(steps) + "."
