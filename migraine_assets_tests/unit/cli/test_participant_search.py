"""The search for a participant in kept deliveries, by the files themselves."""

import datetime as dt
from pathlib import Path

from migraine_assets.cli.participant_search import diaries_with
from migraine_assets.sources.table import open_table
from migraine_assets.stores.assets import delivery_files, delivery_log
from migraine_assets.stores.erasure import Subject
from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.sources.diaries import SMALL, write

JOIN = "{match_names: true, join: [{file: lab.csv, match_names: true}]}"


def test_a_participant_of_a_joined_table_only_is_found(tmp_path: Path) -> None:
    write(tmp_path / "in", "diary.csv", SMALL)
    write(tmp_path / "in", "lab.csv", "participant_id,date,hydration\nann,2020-01-01,2\ncid,2020-01-01,1\n")
    delivery = open_table(str(tmp_path / "in"), mapping=write(tmp_path, "m.yaml", JOIN))
    store = Store(str(tmp_path / "store"))
    files = delivery_files.keep(store, [(file.name, file.content) for file in delivery.files], identity=delivery.md5)
    delivery_log.record(
        store, files, time="2026-03-01T12:00:00+00:00", source="table", description="in", identity=delivery.md5,
        accepted=2, quarantined=0, mapping=delivery.mapping, profile={}, data_version="v",
    )  # fmt: skip
    found = {
        name: [
            kept.rows for kept in diaries_with(store, Subject(name, "hash", dt.date(2026, 3, 2)), damaged=[]).values()
        ]
        for name in ("ann", "cid", "eve")
    }
    assert found == {"ann": [2], "cid": [1], "eve": []}
