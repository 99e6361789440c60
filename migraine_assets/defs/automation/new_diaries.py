"""Whether a diary has arrived that is not known yet: in the landing folder, or at the source that is configured.

Here belongs looking. Not here: reading a diary (`sources`), starting a run (`sensors`).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from migraine_assets.defs.resources import Workspace
from migraine_assets.errors import MigraineError
from migraine_assets.sources.files.fetch import fetch, is_diary_file
from migraine_assets.sources.registry import SOURCES
from migraine_assets.stores.assets import deliveries

# A file that was changed a moment ago may still be written.
SETTLED_SECONDS = 5.0
# How often a source elsewhere is read to see whether it has changed.
REMOTE_SECONDS = 900.0


@dataclass(frozen=True)
class Arrival:
    """`identity`: MD5 of a diary that has never been accepted; None where there is none, and `reason` says why.

    `cursor`: what was looked at, so that the same files are not read again.
    """

    identity: str | None
    reason: str
    cursor: str
    about: str = ""


def look(workspace: Workspace, *, seen: str | None, now: float) -> Arrival:
    """Look once. `seen`: the cursor of the last look; without it everything is read, and nothing else differs."""
    if workspace.source is None:
        return _landed(workspace, seen=seen, now=now)
    if workspace.source in {entry.name for entry in SOURCES}:
        return Arrival(None, f"The source {workspace.source} delivers nothing by itself.", "")
    if seen and seen.startswith("remote:") and now < float(seen.removeprefix("remote:")) + REMOTE_SECONDS:
        return Arrival(None, f"{workspace.source} was looked at less than {REMOTE_SECONDS:g} s ago.", seen)
    return _known_or_new(workspace, workspace.source, cursor=f"remote:{now}")


def _landed(workspace: Workspace, *, seen: str | None, now: float) -> Arrival:
    landing = Path(workspace.landing)
    files = list(_files(landing))
    if not files:
        return Arrival(None, f"{landing} holds no diary.", "")
    if any(changed > now - SETTLED_SECONDS for _, _, changed in files):
        return Arrival(None, f"A file in {landing} was changed a moment ago: it may not be whole.", "")
    cursor = hashlib.sha256(repr(files).encode()).hexdigest()
    if cursor == seen:
        return Arrival(None, f"{landing} is as it was.", cursor)
    return _known_or_new(workspace, str(landing), cursor=cursor)


def _files(landing: Path) -> Iterator[tuple[str, int, float]]:
    for path in sorted(landing.rglob("*")) if landing.is_dir() else ():
        name = path.relative_to(landing).as_posix()
        if path.is_file() and is_diary_file(name):
            found = path.stat()
            yield name, found.st_size, found.st_mtime


def _known_or_new(workspace: Workspace, location: str, *, cursor: str) -> Arrival:
    try:
        identity = fetch(location).md5
    except MigraineError as error:
        # Told again at the next look: the cursor is not kept.
        return Arrival(None, str(error), "")
    if any(entry.acceptance.md5 == identity for entry in deliveries.log(workspace.store)):
        return Arrival(None, f"The diary in {location} was accepted before ({identity}).", cursor)
    return Arrival(identity, f"{location} holds a diary that is new ({identity}).", cursor, about=location)
