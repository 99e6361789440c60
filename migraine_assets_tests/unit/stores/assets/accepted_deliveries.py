"""Accepted deliveries in a store, for tests."""

from migraine_assets.core.dvc_hash import directory_md5, md5
from migraine_assets.stores.assets.delivery_files import keep
from migraine_assets.stores.assets.delivery_log import Entry, record
from migraine_assets.stores.store import Store

ONE = [("diary.csv", b"a,b\n1,2\n")]
TWO = [("b.csv", b"b"), ("sub/a.csv", b"a")]


def accept(store: Store, files: list[tuple[str, bytes]], *, time: str = "2026-01-01T00:00:00Z", **changes) -> Entry:
    folder = len(files) > 1
    identity = directory_md5((name, md5(content)) for name, content in files) if folder else md5(files[0][1])
    kept_files = keep(store, files, identity=identity)
    fields = {
        "time": time, "source": "table", "description": "diary.csv", "identity": identity, "accepted": 9,
        "quarantined": 1, "mapping": "columns: {}", "profile": {"rows": 9}, "data_version": "v" + identity,
    }  # fmt: skip
    return record(store, kept_files, **(fields | changes))
