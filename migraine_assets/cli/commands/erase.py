"""`migraine erase`: options and output, and the search for diaries that hold a participant.

Not here: which files of the store hold traces, and how each is rewritten (`stores.erasure`).
"""

import datetime as dt
import getpass
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from migraine_assets.cli.console import AsJson, print_json, say, show
from migraine_assets.cli.documents import EraseDocument, TraceLine, TrainedLine
from migraine_assets.cli.home import require_writable
from migraine_assets.errors import ConfigurationError, MigraineError
from migraine_assets.settings import Settings
from migraine_assets.stores.store import Store

if TYPE_CHECKING:
    from migraine_assets.stores.erasure import Trace

USER_FILE = "left: this file is yours. Remove the participant from it, or the next run reads the rows again"


def erase(
    participant: Annotated[str, typer.Argument(help="The participant_id as diaries and requests contain it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Erase. Without it the traces are only listed.")] = False,
    *,
    as_json: AsJson = False,
) -> None:
    """Erase every trace of a participant, and name the models that were trained on it."""
    from migraine_assets.stores import erasure
    from migraine_assets.stores.signing_secret import PATH, shared_secret

    if not participant.strip():
        raise ConfigurationError("Name the participant: migraine erase PARTICIPANT_ID.")
    settings, now = Settings(), dt.datetime.now(dt.UTC)
    if yes and settings.store_uri is None:
        require_writable(settings.root)
    store = Store(settings.store_location)
    # A dry run creates no secret: without one no pseudonym exists yet.
    needs_secret = yes or settings.signing_secret or store.exists(PATH)
    secret = shared_secret(store, configured=settings.signing_secret) if needs_secret else b""
    subject, when = erasure.subject_of(participant, secret=secret, today=now.date()), now.isoformat(timespec="seconds")
    diaries = _diaries_with(store, participant)
    models = erasure.models_of(store, diaries)

    def walk(*, write: bool) -> "list[Trace]":
        return [
            *erasure.log_traces(store, subject, write=write),
            *erasure.frame_traces(store, subject, write=write),
            *erasure.delivery_traces(store, diaries, when=when, write=write),
        ]

    traces = [*walk(write=False), *_landing_traces(settings, participant)]
    record = None
    if traces and yes:
        record = erasure.record(store, subject, who=getpass.getuser(), when=when, traces=traces, models=models)
        walk(write=True)
    document = EraseDocument(
        traces=[TraceLine(where=one.path, what=one.kind, count=one.count, effect=one.effect) for one in traces],
        models=_trained(store, models),
        erased=record is not None,
        record=record,
    )
    if as_json:
        print_json(document)
        return
    _show(document)
    if not traces:
        say("There is no trace of this participant." + ("" if yes else " Is it spelled as in the diary?"))
    elif yes:
        say(f"Erased. The record in {record} names the participant by a keyed hash only. Next: {_next(document)}")
    else:
        say("Nothing was changed. Run `migraine erase PARTICIPANT --yes` to erase.")


def _diaries_with(store: Store, participant: str) -> dict[str, int]:
    """Return the MD5 of every kept diary with rows of the participant, and their number."""
    from migraine_assets.sources.registry import repeat_source
    from migraine_assets.stores.assets import deliveries

    rows_by_md5: dict[str, int] = {}
    for entry in deliveries.log(store):
        md5 = entry.acceptance.md5
        if md5 in rows_by_md5 or deliveries.erased_at(store, md5):
            continue
        kept = deliveries.restore(store, md5)
        delivery = repeat_source(
            kept.source, files=kept.files, md5=md5, mapping=kept.mapping, description=entry.acceptance.description
        )
        if rows := int((delivery.frame["participant_id"].astype(str) == participant).sum()):
            rows_by_md5[md5] = rows
    return rows_by_md5


def _landing_traces(settings: Settings, participant: str) -> "Iterator[Trace]":
    """Yield the files of the landing folder that hold the participant. They are the user's and stay."""
    from migraine_assets.stores.erasure import Trace

    for path in sorted(settings.landing.glob("*")) if settings.landing.is_dir() else ():
        if count := _count_rows(path, participant, mapping=settings.mapping):
            yield Trace(str(path), "rows", count, USER_FILE)


def _count_rows(path: Path, participant: str, *, mapping: str | None) -> int:
    from migraine_assets.sources.registry import read_source

    try:
        frame = read_source(str(path), mapping=mapping, options={}, landing=None).frame
    except MigraineError:
        # Not a readable diary: count the occurrences of the name in its bytes.
        return path.read_bytes().count(participant.encode()) if path.is_file() else 0
    return int((frame["participant_id"].astype(str) == participant).sum())


def _trained(store: Store, models: tuple[str, ...]) -> list[TrainedLine]:
    """Return the models that were trained on a diary with the participant, with their roles."""
    from migraine_assets.stores.registry.pointer import read_pointer

    roles = {
        name: role
        for task, current in read_pointer(store).tasks.items()
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


def _next(document: EraseDocument) -> str:
    from migraine_assets.stores.erasure import LATER

    steps = []
    if any(line.effect == USER_FILE for line in document.traces):
        steps.append("remove the participant from your files and from the source")
    steps.append("run `migraine run` to train without the participant")
    if document.models:
        steps.append("delete the bundles above once other models serve")
    if any(line.effect == LATER for line in document.traces):
        steps.append("erase again tomorrow, when today's log is closed")
    return "; ".join(steps) + "."
