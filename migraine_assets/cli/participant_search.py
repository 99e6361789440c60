"""The search for diaries with a participant: kept deliveries, the landing folder and other sources.

Not here: traces in files that the platform wrote (`stores.erasure`), output (`cli.commands.erase`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from migraine_assets.errors import MigraineError, StoreError
from migraine_assets.settings import Settings
from migraine_assets.stores.assets import delivery_files, delivery_log
from migraine_assets.stores.documents import unless_damaged
from migraine_assets.stores.erasure import Subject, Trace
from migraine_assets.stores.store import Store

USER_FILE = "left: this file is yours. Remove the participant from it, or the next run reads the rows again"
USER_SOURCE = "left: an accepted diary with the participant came from here. Remove the participant there"
REMEDY = "Restore the diary from a backup and erase again, or delete the files that its entry in deliveries/log names."


@dataclass(frozen=True)
class KeptDiary:
    """A kept diary with the participant: its origin, and the number of the participant's rows."""

    source: str
    location: str
    rows: int


def diaries_with(store: Store, subject: Subject, *, damaged: list[str]) -> dict[str, KeptDiary]:
    """Return the kept diaries with the participant, by MD5. One that cannot be read is named in `damaged`."""
    diaries: dict[str, KeptDiary] = {}
    for md5, entry in {entry.acceptance.md5: entry for entry in delivery_log.read_log(store, damaged=damaged)}.items():
        try:
            rows = (
                0 if delivery_files.erased_at(store, md5) else _rows_in(delivery_files.restored(store, entry), subject)
            )
        except StoreError as error:
            damaged.append(f"The accepted diary {md5} cannot be searched. {error} {REMEDY}")
            continue
        if rows:
            diaries[md5] = KeptDiary(entry.acceptance.source, entry.acceptance.description, rows)
    return diaries


def _rows_in(kept: delivery_files.Restored, subject: Subject) -> int:
    from migraine_assets.sources.registry import SERVICE, repeat_source

    # The diaries that the service keeps have the keyed hash as their id.
    kept_here = kept.source == SERVICE
    participant = subject.pseudonym if kept_here else subject.participant
    accepted = kept.entry.acceptance
    try:
        delivery = repeat_source(
            kept.source, files=kept.files, md5=accepted.md5, mapping=kept.mapping, description=accepted.description
        )
    except MigraineError:
        # The files are intact, but this version cannot read them: count the occurrences of the name.
        return sum(content.count(participant.encode()) for _, content in kept.files)
    ids = delivery.frame["participant_id"].astype(str)
    rows = int(((ids.str.partition("@")[0] if kept_here else ids) == participant).sum())
    # A joined table may have participants who are not in the diary.
    return rows or int(participant in delivery.joined_participants)


def source_traces(
    settings: Settings, participant: str, diaries: dict[str, KeptDiary], *, damaged: list[str]
) -> Iterator[Trace]:
    """Yield the user's own files with the participant, and the sources of such diaries. Erasure keeps them."""
    searched = set()
    for path in (*_landing_files(settings), *_configured_source(settings)):
        searched.add(path)
        count = unless_damaged(partial(_count_rows, path, participant, mapping=settings.mapping), damaged)
        if count:
            yield Trace(str(path), "rows", count, USER_FILE)
    inside = (settings.landing, *settings.landing.glob("*"), *searched)
    elsewhere = {diary.location for diary in diaries.values() if diary.source == "table"}
    for location in sorted(elsewhere - {str(path) for path in inside}):
        yield Trace(location, "source", 1, USER_SOURCE)


def _landing_files(settings: Settings) -> list[Path]:
    return sorted(settings.landing.glob("*")) if settings.landing.is_dir() else []


def _configured_source(settings: Settings) -> list[Path]:
    """Return `MIGRAINE_SOURCE` if it is a file or folder of this machine outside the landing folder."""
    path = Path(settings.source).expanduser() if settings.source else None
    if path is None or not path.exists() or path.resolve().is_relative_to(settings.landing.resolve()):
        return []
    return [path]


def _count_rows(path: Path, participant: str, *, mapping: str | None) -> int:
    from migraine_assets.sources.registry import read_source

    try:
        frame = read_source(str(path), mapping=mapping, options={}, landing=None).frame
    except MigraineError:
        # Not a readable diary: count the occurrences of the name in its bytes.
        return _occurrences(path, participant.encode()) if path.is_file() and not path.is_symlink() else 0
    return int((frame["participant_id"].astype(str) == participant).sum())


def _occurrences(path: Path, name: bytes) -> int:
    try:
        return path.read_bytes().count(name)
    except OSError as error:
        raise StoreError(f"'{path}' cannot be read: {error.strerror}. Search it yourself.") from error
