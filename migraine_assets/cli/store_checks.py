"""The checks of `migraine doctor` that read the state: every file that a run, the service or an erasure reads.

A check returns a description, or raises `StoreError` with a sentence for each damaged file that says what to do. Two of
them repair: leftovers of killed writers are removed, and files that others can read are closed. Not here: checks of the
environment (`cli.commands.doctor`).
"""

import os
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from functools import partial
from pathlib import Path

import msgspec

from migraine_assets.cli.home_files import close_to_others, sweep_leftovers
from migraine_assets.errors import StoreError
from migraine_assets.settings import Settings
from migraine_assets.stores.documents import read_document, unless_damaged
from migraine_assets.stores.store import Store


def leftovers(settings: Settings) -> str:
    """Remove the leftovers of killed writers."""
    return f"{len(sweep_leftovers(settings))} unfinished files of killed writers removed"


def permissions(settings: Settings) -> str:
    """Close files to other users, and report those that this user cannot use."""
    closed = close_to_others(settings)
    unusable = [path for path in _files(settings.root) if not os.access(path, os.R_OK)]
    _require(
        f"'{path}' cannot be read by this user. Restored with another owner? Run `chown -R` and `chmod -R u+rwX` on "
        f"{settings.root}."
        for path in unusable[:5]
    )
    return f"{len(closed)} files and folders closed to other users" if closed else "closed to other users"


def deliveries(settings: Settings) -> str:
    """Verify every accepted diary."""
    from migraine_assets.stores.assets import delivery_files, delivery_log

    store, damaged = Store(settings.store_location), list[str]()
    entries, erased = delivery_log.read_log(store, damaged=damaged), 0
    for entry in entries:
        when = unless_damaged(partial(delivery_files.erased_at, store, entry.acceptance.md5), damaged)
        erased += when is not None
        if when is None:
            unless_damaged(partial(delivery_files.restored, store, entry), damaged)
    _require(damaged)
    return f"{len(entries)} accepted, all hashes match" + (f"; {erased} erased" if erased else "")


def frames(settings: Settings) -> str:
    """Verify every frame by its hash."""
    from migraine_assets.stores.assets.frames import FRAMES, frame_table

    store, damaged, count = Store(settings.store_location), list[str](), 0
    for asset in store.list(FRAMES):
        for leaf in store.list(f"{FRAMES}/{asset}"):
            unless_damaged(partial(frame_table, store, asset, leaf.removesuffix(".parquet"), []), damaged)
            count += 1
    _require(damaged)
    return f"{count} frames, all hashes match"


def current_values(settings: Settings) -> str:
    """Read the current value of every asset, and check that the frame that it refers to exists."""
    from migraine_assets.defs.refs import current
    from migraine_assets.stores.assets.current_values import FOLDER, REMEDY, paths

    store, damaged, count = Store(settings.store_location), list[str](), 0
    for path in paths(store):
        key = path.removeprefix(f"{FOLDER}/").removesuffix(".json")
        frame = getattr(unless_damaged(partial(current, store, key), damaged), "frame", None)
        if frame is not None and not store.exists(frame.path):
            damaged.append(f"'{path}' in {store.uri} refers to '{frame.path}', which is missing. {REMEDY}")
        count += 1
    _require(damaged)
    return f"{count} values"


def bundles(settings: Settings) -> str:
    """Load every bundle and its provenance."""
    from migraine_assets.stores.bundles.bundles import FOLDER, load_bundle
    from migraine_assets.stores.bundles.provenance import read_provenance
    from migraine_assets.stores.registry.pointer import read_pointer

    store, damaged = Store(settings.store_location), list[str]()
    pointer = unless_damaged(lambda: read_pointer(store), [])  # another check reports a damaged pointer
    serving = {each.champion for each in pointer.tasks.values()} if pointer else set()
    serving |= {each.challenger for each in pointer.tasks.values() if each.challenger} if pointer else set()
    names = store.list(FOLDER)
    for name in names:
        if name not in serving:
            unless_damaged(partial(load_bundle, store, name), damaged)
        if store.exists(f"{FOLDER}/{name}/provenance.json"):
            unless_damaged(partial(read_provenance, store, name), damaged)
    _require(f"{sentence} A bundle that does not serve can be deleted." for sentence in damaged)
    return f"{len(names)} bundles"


def promotions(settings: Settings) -> str:
    """Read every promotion record."""
    from migraine_assets.stores.registry.promotion_log import records

    damaged: list[str] = []
    count = len(records(Store(settings.store_location), damaged=damaged))
    _require(damaged)
    return f"{count} records"


def prediction_log(settings: Settings) -> str:
    """Read every segment, every collected day and every reported outcome."""
    from migraine_assets.stores.documents import days_in
    from migraine_assets.stores.monitoring import collection, reported_outcomes
    from migraine_assets.stores.prediction_log import reader

    store, damaged, count = Store(settings.store_location), list[str](), 0
    for kind, name in reader.KINDS.items():
        for day in reader.days(store, kind):
            for segment in reader.read_segments(store, kind, day=day):
                count += len(segment.records)
                damaged += (f"{sentence} Restore it from a backup; readers skip them." for sentence in segment.damaged)
        for date in collection.collected_days(store, name):
            collection.read_collected(store, name, date, damaged=damaged)
    for date in days_in(store, reported_outcomes.FOLDER, suffix=".parquet"):
        reported_outcomes.reported_outcomes(store, date, damaged=damaged)
    _require(damaged)
    return f"{count:,} records"


def monitoring(settings: Settings) -> str:
    """Read every monitoring result, decision and published state."""
    from migraine_assets.stores.alerts import open_alerts, outbox
    from migraine_assets.stores.monitoring import decisions, gauges, pipeline_status, results

    store, damaged, count = Store(settings.store_location), list[str](), 0
    for kind in results.KINDS:
        for day in results.result_days(store, kind):
            results.read_result(store, kind, day, damaged=damaged)
            count += 1
    decided = decisions.decisions(store, damaged=damaged)
    for path, read in ((gauges.PATH, gauges.read_gauges), (pipeline_status.PATH, pipeline_status.read_pipeline_status)):
        if store.exists(path) and read(store) is None:
            damaged.append(f"'{path}' in {store.uri} is damaged. Delete it: it is published again.")
    for folder in (f"{open_alerts.FOLDER}/{kind}" for kind in store.list(open_alerts.FOLDER)):
        damaged += _no_json(store, folder, remedy="Delete it: an alert that is still open is sent again.")
    damaged += _no_json(store, outbox.FOLDER, remedy="Delete it: its notification is lost.")
    _require(damaged)
    return f"{count} results, {len(decided)} decisions"


def secrets(settings: Settings) -> str:
    """Check the signing secret and the API keys."""
    from migraine_assets.stores.signing_secret import PATH

    store, damaged = Store(settings.store_location), list[str]()
    if store.exists(PATH) and not (unless_damaged(partial(store.read, PATH), damaged) or b"").strip():
        damaged.append(
            f"'{PATH}' in {store.uri} is empty: every replica would use a secret of its own. Restore it from a backup; "
            "without one, delete it: participants get new pseudonyms."
        )
    damaged += _no_json(store, "serving/keys", remedy="Its key is refused: delete it and create another one.")
    _require(damaged)
    return "in the environment" if settings.signing_secret else "in the store" if store.exists(PATH) else "none yet"


def databases(settings: Settings) -> str:
    """Run SQLite's integrity check on the databases of Dagster and MLflow."""
    paths = [
        path for path in (settings.root / "mlflow.db", *(settings.root / "dagster").rglob("*.db")) if path.exists()
    ]
    problems = {path: problem for path in paths if (problem := _sqlite_problem(path))}
    _require(
        f"The database '{path}' is damaged: {problem}. Stop its users and restore it from a backup, or move it away: "
        "runs and experiments are then forgotten, models and diaries are not."
        for path, problem in problems.items()
    )
    return f"{len(paths)} databases pass SQLite's integrity check" if paths else "none on this machine"


def _sqlite_problem(path: Path) -> str | None:
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            answer = str(database.execute("PRAGMA integrity_check(1)").fetchone()[0])
    except sqlite3.Error as error:
        return str(error)
    return None if answer == "ok" else answer


def kept_diaries(settings: Settings) -> str:
    """Look at the database of the diaries that the service keeps."""
    from migraine_assets.sources.service import kept_database
    from migraine_assets.stores.diaries.history import days_at, extent
    from migraine_assets.stores.diaries.schema import VERSION, version_of

    with closing(kept_database(settings)) as database:
        version = version_of(database)
        if not version:
            return "none yet"
        if version < VERSION:
            raise StoreError(f"The diaries in {database.label} have schema {version}. Run `migraine migrate diaries`.")
        if problem := database.problem():
            raise StoreError(f"The database '{database.label}' is damaged: {problem}. Restore it from a backup.")
        for _ in days_at(database):  # decodes every day
            pass
        kept = extent(database)
        return f"{kept.days:,} days of {kept.participants:,} participants in {database.label}"


class _AnyDocument(msgspec.Struct):
    """A JSON object with any fields."""


def _no_json(store: Store, folder: str, *, remedy: str) -> list[str]:
    """Return a sentence for each file in `folder` that contains no JSON object."""
    damaged: list[str] = []
    for leaf in store.list(folder):
        read = partial(read_document, store, f"{folder}/{leaf}", _AnyDocument, numbered=False, remedy=remedy)
        unless_damaged(read, damaged)
    return damaged


def _files(root: Path) -> Iterable[Path]:
    for folder, folders, files in os.walk(root):
        yield from (Path(folder, name) for name in (*folders, *files) if not Path(folder, name).is_symlink())


def _require(problems: Iterable[str]) -> None:
    """Raise `StoreError` if there are problems, each on a line of its own."""
    if sentences := list(dict.fromkeys(problems)):
        raise StoreError("\n".join(sentences))


CHECKS: tuple[tuple[str, Callable[[Settings], str]], ...] = (
    ("leftovers", leftovers),
    ("permissions", permissions),
    ("databases", databases),
    ("accepted diaries", deliveries),
    ("frames", frames),
    ("current values", current_values),
    ("bundles", bundles),
    ("promotion records", promotions),
    ("prediction log", prediction_log),
    ("monitoring and alerts", monitoring),
    ("secret and API keys", secrets),
    ("kept diaries", kept_diaries),
)
