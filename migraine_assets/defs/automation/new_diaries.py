"""Detection of a new diary in the landing folder or at the configured source.

Not here: reading a diary (`sources`), starting a run (`defs.automation.sensors`).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from migraine_assets.defs.resources import Workspace
from migraine_assets.errors import MigraineError
from migraine_assets.sources.files.fetch import fetch, landing_files
from migraine_assets.sources.registry import SOURCES
from migraine_assets.stores.assets import deliveries

# A file that changed more recently may still be being written.
SETTLED_SECONDS = 5.0
# Minimum interval between two reads of a remote source.
REMOTE_SECONDS = 900.0


@dataclass(frozen=True)
class Arrival:
    """`identity`: MD5 of a diary that was never accepted, or None; `reason` explains it.

    `cursor` describes the files that were examined, so that unchanged files are not read again.
    """

    identity: str | None
    reason: str
    cursor: str
    about: str = ""


def find_arrival(workspace: Workspace, *, cursor: str | None, now: float) -> Arrival:
    """Look for a new diary once.

    `cursor`: of the previous call. Without it everything is read again, with the same result.
    """
    if workspace.source is None:
        return _landed(workspace, cursor=cursor, now=now)
    if workspace.source in {entry.name for entry in SOURCES}:
        return Arrival(None, f"The source {workspace.source} does not deliver new diaries.", "")
    if cursor and cursor.startswith("remote:") and now < float(cursor.removeprefix("remote:")) + REMOTE_SECONDS:
        return Arrival(None, f"{workspace.source} was read less than {REMOTE_SECONDS:g} s ago.", cursor)
    return _known_or_new(workspace, workspace.source, cursor=f"remote:{now}")


def _landed(workspace: Workspace, *, cursor: str | None, now: float) -> Arrival:
    landing = Path(workspace.landing)
    files = list(_files(landing))
    if not files:
        return Arrival(None, f"{landing} contains no diary.", "")
    if any(changed > now - SETTLED_SECONDS for _, _, changed in files):
        return Arrival(None, f"A file in {landing} changed a moment ago and may be incomplete.", "")
    current = hashlib.sha256(repr(files).encode()).hexdigest()
    if current == cursor:
        return Arrival(None, f"{landing} has not changed.", current)
    return _known_or_new(workspace, str(landing), cursor=current)


def _files(landing: Path) -> Iterator[tuple[str, int, float]]:
    for name, status in landing_files(landing):
        yield name, status.st_size, status.st_mtime


def _known_or_new(workspace: Workspace, location: str, *, cursor: str) -> Arrival:
    try:
        identity = fetch(location, limits=workspace.params().sources).md5
    except MigraineError as error:
        # Without a cursor, the next call reads the files again and repeats the message.
        return Arrival(None, str(error), "")
    if any(entry.acceptance.md5 == identity for entry in deliveries.log(workspace.store)):
        return Arrival(None, f"The diary in {location} was already accepted ({identity}).", cursor)
    return Arrival(identity, f"{location} contains a new diary ({identity}).", cursor, about=location)
