"""Models state whether they were trained on simulated diaries, including models of earlier versions."""

from pathlib import Path

import pytest

from migraine_assets.core.dvc_hash import md5
from migraine_assets.stores.assets import delivery_files, delivery_log
from migraine_assets.stores.bundles.provenance import BundleProvenance, add_provenance
from migraine_assets.stores.simulated import is_simulated
from migraine_assets.stores.store import Store

BUNDLE = "b" * 64


def _accept(store: Store, source: str) -> str:
    identity = md5(b"x")
    files = delivery_files.keep(store, [("a.csv", b"x")], identity=identity)
    delivery_log.record(
        store, files, time="2026-03-01T12:00:00+00:00", source=source, description="d", identity=identity, accepted=1,
        quarantined=0, mapping=None, profile={}, data_version="v",
    )  # fmt: skip
    return identity


@pytest.mark.parametrize(("source", "simulated"), [("synthetic", True), ("table", False)])
def test_the_log_of_deliveries_tells_of_earlier_bundles(tmp_path: Path, source: str, simulated: bool) -> None:
    store = Store(str(tmp_path))
    assert is_simulated(store, BUNDLE, _accept(store, source)) is simulated
    assert not is_simulated(store, BUNDLE, "another")


@pytest.mark.parametrize("simulated", [True, False])
def test_the_provenance_takes_precedence_and_stays(tmp_path: Path, simulated: bool) -> None:
    store = Store(str(tmp_path))
    add_provenance(store, BUNDLE, BundleProvenance(simulated=simulated))
    add_provenance(store, BUNDLE, BundleProvenance(simulated=not simulated, made="later"))
    assert is_simulated(store, BUNDLE, _accept(store, "table" if simulated else "synthetic")) is simulated
