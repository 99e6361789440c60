"""`migraine backup` and `migraine restore`: copy the store, and dumps of the databases, to another location and back.

Not here: the content of a backup (`stores.backup`), dumping and restoring databases (pg_dump, pg_restore).
"""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from migraine_assets.cli.console import say
from migraine_assets.errors import ConfigurationError
from migraine_assets.settings import Settings
from migraine_assets.stores.backup import backups, prune, restore_backup, write_backup
from migraine_assets.stores.diaries.database import FILE
from migraine_assets.stores.diaries.sqlite import SQLiteDatabase
from migraine_assets.stores.store import Store

Folder = Annotated[Path | None, typer.Option(help="Folder of the dumps of the databases (*.dump).")]


def backup(
    destination: Annotated[str, typer.Argument(help="Folder or URL of the backups, such as s3://backups/migraine.")],
    dumps: Folder = None,
    keep: Annotated[int, typer.Option(help="Number of backups to keep; older ones are deleted.", min=1)] = 14,
    store: Annotated[bool, typer.Option(help="Whether to copy the store, not only the dumps.")] = True,
) -> None:
    """Copy the store and dumps of the databases into a new folder of DESTINATION."""
    if dumps is not None and not dumps.is_dir():
        raise ConfigurationError(f"'{dumps}' is not a folder. Give --dumps the folder that pg_dump writes to.")
    source, target = Store(Settings().store_location), Store(destination)
    if (target.root + "/").startswith(source.root + "/") and type(target.fs) is type(source.fs):
        raise ConfigurationError(
            f"{destination} is inside the store: a backup there would copy itself, and be lost with the store."
        )
    if dumps and not list(dumps.glob("*.dump")):
        raise ConfigurationError(f"'{dumps}' contains no *.dump file: run pg_dump first.")
    done = write_backup(
        target,
        store=source if store else None,
        dumps=Store(str(dumps)) if dumps else None,
        databases=_kept_diaries(Settings()) if store else {},
    )
    say(f"Backup {done.name}: {done.files} files, {done.content_bytes / 1e6:.1f} MB.")
    for name in prune(target, keep=keep):
        say(f"Deleted backup {name}.")


def _kept_diaries(settings: Settings) -> dict[str, bytes]:
    """Return the SQLite file of kept diaries, if there is one: pg_dump does not reach it."""
    if settings.diary_url is not None or not (settings.root / FILE).exists():
        return {}
    with closing(SQLiteDatabase(settings.root / FILE)) as database:
        return {FILE: database.snapshot()}


def restore(
    source: Annotated[str, typer.Argument(help="Folder or URL of the backups.")],
    name: Annotated[str | None, typer.Option(help="The backup to restore; by default the newest.")] = None,
    dumps: Annotated[Path, typer.Option(help="Folder for the dumps of the databases.")] = Path("dumps"),
) -> None:
    """Verify a backup and copy it into the store, which has to be empty, and its dumps into a folder."""
    target = Store(source)
    finished = backups(target)
    chosen = name or (finished[-1] if finished else None)
    if chosen is None:
        raise ConfigurationError(f"{source} has no finished backup.")
    listing = restore_backup(target, chosen, store=Store(Settings().store_location), dumps=Store(str(dumps)))
    say(f"Restored backup {chosen}: {len(listing.files)} files, each verified.")
    if f"databases/{FILE}" in listing.files:
        say(f"Now move {dumps / FILE} into MIGRAINE_HOME: it contains the diaries that the service keeps.")
    if any(path.endswith(".dump") for path in listing.files):
        say(f"Now restore the databases from {dumps}: pg_restore --clean --if-exists --no-owner --dbname URL FILE")
