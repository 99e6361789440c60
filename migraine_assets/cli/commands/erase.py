"""`migraine erase`: options, output and the order of the steps.

Not here: the search for diaries with the participant (`cli.participant_search`), which files of the store contain
traces, and how each is rewritten (`stores.erasure`).
"""

import datetime as dt
import getpass
import uuid
from contextlib import closing, nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from migraine_assets.cli.console import AsJson, print_json, say, show
from migraine_assets.cli.dagster.run_lock import hold_state
from migraine_assets.cli.documents.operation import EraseDocument, TraceLine, TrainedLine
from migraine_assets.cli.home import require_writable
from migraine_assets.cli.home_files import leftovers, sweep_leftovers
from migraine_assets.errors import ConfigurationError, ErasureIncomplete
from migraine_assets.settings import Settings
from migraine_assets.stores.documents import unless_damaged
from migraine_assets.stores.store import Store

if TYPE_CHECKING:
    from migraine_assets.stores.erasure import Trace


def erase(
    participant: Annotated[str, typer.Argument(help="The participant_id as diaries and requests contain it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Erase. Without it the traces are only listed.")] = False,
    *,
    as_json: AsJson = False,
) -> None:
    """Erase every trace of a participant, and name the models that were trained on it."""
    if not participant.strip():
        raise ConfigurationError("Name the participant: migraine erase PARTICIPANT_ID.")
    settings, now = Settings(), dt.datetime.now(dt.UTC)
    if yes:
        require_writable(settings.root)
    # Runs must not write the participant again: wait for those that are active, and let none start meanwhile.
    with hold_state(settings, f"erase-{uuid.uuid4()}", wait=True) if yes else nullcontext():
        document = _erase(settings, participant, now=now, write=yes)
    if as_json:
        print_json(document)
    else:
        _show(document)
        _conclude(document, yes=yes)
    if document.unreadable:
        raise ErasureIncomplete(
            f"{len(document.unreadable)} files could not be searched, so the participant may still be in them."
        )


def _erase(settings: Settings, participant: str, *, now: dt.datetime, write: bool) -> EraseDocument:
    from migraine_assets.cli.participant_search import diaries_with, source_traces
    from migraine_assets.cli.record_search import record_traces
    from migraine_assets.stores import erasure
    from migraine_assets.stores.signing_secret import PATH, shared_secret

    store, damaged, when = Store(settings.store_location), list[str](), now.isoformat(timespec="seconds")
    # A dry run creates no secret: without one no pseudonym exists yet.
    needs_secret = write or settings.signing_secret or store.exists(PATH)
    secret = shared_secret(store, configured=settings.signing_secret) if needs_secret else b""
    subject = erasure.subject_of(participant, secret=secret, today=now.date())
    diaries = diaries_with(store, subject, damaged=damaged)
    rows = {md5: diary.rows for md5, diary in diaries.items()}
    models = erasure.models_of(store, diaries, damaged=damaged)

    def walk(*, write: bool, damaged: list[str]) -> "list[Trace]":
        return [
            *_leftover_traces(settings, write=write),
            *_kept_traces(settings, subject.pseudonym, write=write, damaged=damaged),
            *_queued_traces(settings, store, subject.pseudonym, write=write, damaged=damaged),
            *erasure.log_traces(store, subject, write=write, damaged=damaged),
            *erasure.frame_traces(store, subject, write=write, damaged=damaged),
            *erasure.delivery_traces(store, rows, when=when, write=write),
            *record_traces(settings, participant, write=write),
        ]

    traces = walk(write=False, damaged=damaged)
    traces += source_traces(settings, participant, diaries, damaged=damaged)
    record = None
    if traces and write:
        record = erasure.record(store, subject, who=getpass.getuser(), when=when, traces=traces, models=models)
        walk(write=True, damaged=[])
    return EraseDocument(
        traces=[TraceLine(where=one.path, what=one.kind, count=one.count, effect=one.effect) for one in traces],
        models=_trained(store, models, damaged=damaged),
        unreadable=list(dict.fromkeys(damaged)),
        erased=record is not None,
        record=record,
    )


def _leftover_traces(settings: Settings, *, write: bool) -> "list[Trace]":
    """Return unfinished files of killed writers. They may contain the participant in any form, so all are removed."""
    from migraine_assets.stores.erasure import Trace

    paths = sweep_leftovers(settings) if write else leftovers(settings)
    return [Trace(str(path), "unfinished file", 1, "deleted: a killed process left it") for path in paths]


def _kept_traces(settings: Settings, pseudonym: str, *, write: bool, damaged: list[str]) -> "list[Trace]":
    """Return the kept rows of the participant, of all owners."""
    from migraine_assets.sources.service import kept_database
    from migraine_assets.stores.diaries.erasure import count_rows, erase_rows
    from migraine_assets.stores.erasure import Trace

    with closing(kept_database(settings)) as database:
        counts = unless_damaged(lambda: count_rows(database, pseudonym), damaged) or {}
        if write and counts:
            erase_rows(database, pseudonym)
        effect = "deleted, and the database is vacuumed"
        return [Trace(f"{database.label} {table}", "kept diary", count, effect) for table, count in counts.items()]


def _queued_traces(
    settings: Settings, store: Store, pseudonym: str, *, write: bool, damaged: list[str]
) -> "list[Trace]":
    """Return the forecasts of the participant that are queued for webhooks."""
    from migraine_assets.stores.alerts.erasure import erase_queued, queued_about
    from migraine_assets.stores.erasure import REWRITTEN, Trace

    counts = unless_damaged(lambda: queued_about(store, pseudonym), damaged) or {}
    if write and counts:
        erase_queued(store, settings.root, pseudonym)
    return [Trace(path, "queued webhook", count, REWRITTEN) for path, count in counts.items()]


def _conclude(document: EraseDocument, *, yes: bool) -> None:
    if not document.traces:
        say("There is no trace of this participant." + ("" if yes else " Is it spelled as in the diary?"))
    elif yes:
        say(f"Erased. The record in {document.record} names the participant by a keyed hash only. "
            f"Next: {_next(document)}")  # fmt: skip
    else:
        say("Nothing was changed. Run `migraine erase PARTICIPANT --yes` to erase.")


def _trained(store: Store, models: tuple[str, ...], *, damaged: list[str]) -> list[TrainedLine]:
    """Return the models that were trained on a diary with the participant, with their roles."""
    from migraine_assets.stores.registry.pointer import read_pointer

    pointer = unless_damaged(lambda: read_pointer(store), damaged)
    roles = {
        name: role
        for task, current in (pointer.tasks.items() if pointer else ())
        for name, role in ((current.champion, f"champion of {task}"), (current.challenger, f"challenger of {task}"))
        if name
    }
    return [TrainedLine(bundle=bundle, role=roles.get(bundle, "")) for bundle in models]


def _show(document: EraseDocument) -> None:
    if document.traces:
        rows = [(f"{line.count:,}", line.what, line.where, line.effect) for line in document.traces]
        columns = ("count", "what", "where", "effect")
        show("Traces", columns, rows, right=("count",), below=("effect",))
        say("")
    if document.models:
        bundles = [(line.bundle, line.role) for line in document.models]
        show("Models trained on a diary with this participant", ("bundle", "role"), bundles, below=("role",))
        say("")
    if document.unreadable:
        show("Files that could not be searched", ("problem",), [(line,) for line in document.unreadable])
        say("")


def _next(document: EraseDocument) -> str:
    from migraine_assets.cli.participant_search import USER_FILE, USER_SOURCE
    from migraine_assets.stores.erasure import LATER

    steps = []
    if any(line.effect in (USER_FILE, USER_SOURCE) for line in document.traces):
        steps.append("remove the participant from your files and from the source")
    steps.append("run `migraine run` to train without the participant")
    if document.models:
        steps.append("delete the bundles above once other models serve")
    if any(line.effect == LATER for line in document.traces):
        steps.append("erase again tomorrow, when today's log is closed")
    return "; ".join(steps) + "."
