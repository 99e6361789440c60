"""Detection of a new diary in the landing folder, at the configured source, or in the service.

Not here: reading a diary (`sources`), starting a run (`defs.automation.sensors`).
"""

import datetime as dt
import hashlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from migraine_assets.defs.resources import Workspace
from migraine_assets.errors import MigraineError
from migraine_assets.settings import Settings
from migraine_assets.sources.files.fetch import fetch, landing_files
from migraine_assets.sources.registry import SERVICE, SOURCES
from migraine_assets.sources.service import DESCRIPTION, kept_database
from migraine_assets.stores.assets import delivery_log
from migraine_assets.stores.diaries.history import extent

# A file that changed more recently may still be being written.
SETTLED_SECONDS = 5.0
# Minimum interval between two reads of a remote source.
REMOTE_SECONDS = 900.0
# Minimum of kept days and participants that start a run if no source is configured and the landing folder is empty.
LEAST_DAYS, LEAST_PARTICIPANTS = 1000, 20


@dataclass(frozen=True)
class Arrival:
    """A new diary, or the reason why there is none. `identity`: its MD5, or None; `reason` explains it.

    `cursor` describes the files that were examined, so that unchanged files are not read again. `source`: the source of
    the run, if it is not the configured one. `continuous`: days arrive all the time, so a run waits for the cool-down.
    """

    identity: str | None
    reason: str
    cursor: str
    about: str = ""
    source: str | None = None
    continuous: bool = False


def find_arrival(workspace: Workspace, *, cursor: str | None, now: float) -> Arrival:
    """Look for a new diary once.

    `cursor`: that of the previous call. Without it, all files are read again, with the same result.
    """
    if workspace.source is None:
        landed = _landed(workspace, cursor=cursor, now=now)
        return landed if landing_files(Path(workspace.landing)) else _kept_instead(workspace, landed)
    if workspace.source == SERVICE:
        return _kept(workspace, source=None)
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


def _kept_instead(workspace: Workspace, landed: Arrival) -> Arrival:
    """Return the kept diaries if they are large enough for training, otherwise `landed`."""
    with closing(kept_database(Settings())) as database:
        kept = extent(database)
    enough = kept.days >= LEAST_DAYS and kept.participants >= LEAST_PARTICIPANTS
    return _kept(workspace, source=SERVICE) if enough else landed


def _kept(workspace: Workspace, *, source: str | None) -> Arrival:
    """Return the kept diaries if days were written since they were last accepted."""
    try:
        with closing(kept_database(Settings())) as database:
            kept = extent(database)
        log = delivery_log.read_log(workspace.store, damaged=[])
        accepted = [entry.acceptance for entry in log if entry.acceptance.source == SERVICE]
    except MigraineError as error:
        return Arrival(None, str(error), "")
    if not kept.days:
        return Arrival(None, "The service keeps no diary.", "")
    read = dt.datetime.fromisoformat(accepted[-1].time).timestamp() if accepted else 0.0
    if kept.written / 1e6 <= read:
        return Arrival(None, "No kept day was written since the diaries of the service were last accepted.", "")
    reason = f"The service keeps {kept.days:,} days of {kept.participants:,} participants, some of them new."
    identity = f"{SERVICE}-{kept.days}-{kept.written}"
    return Arrival(identity, reason, "", about=DESCRIPTION, source=source, continuous=True)


def _files(landing: Path) -> Iterator[tuple[str, int, float]]:
    for name, status in landing_files(landing):
        yield name, status.st_size, status.st_mtime


def _known_or_new(workspace: Workspace, location: str, *, cursor: str) -> Arrival:
    try:
        identity = fetch(location, limits=workspace.params().sources).md5
    except MigraineError as error:
        # Without a cursor, the next call reads the files again and repeats the message.
        return Arrival(None, str(error), "")
    # A delivery with a damaged entry is read again, which writes a new entry.
    if any(entry.acceptance.md5 == identity for entry in delivery_log.read_log(workspace.store, damaged=[])):
        return Arrival(None, f"The diary in {location} was already accepted ({identity}).", cursor)
    return Arrival(identity, f"{location} contains a new diary ({identity}).", cursor, about=location)
