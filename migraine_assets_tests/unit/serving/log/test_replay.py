from pathlib import Path

import msgspec
import numpy as np
import pytest

from migraine_assets.errors import DataRefused
from migraine_assets.stores.bundles.bundles import load_bundle, write_bundle
from migraine_assets.stores.prediction_log.record import PredictionRecord
from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.stores.bundles.example_bundles import example_manifest, example_model
from migraine_assets_tests.unit.stores.prediction_log.log_records import SECRET, prediction_record
from serving.log.replay import record_of, replay
from serving.log.writer import open_prediction_log
from serving.settings import ServingSettings


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path))


def write_example(store: Store, *, weight: float) -> str:
    model = example_model(weight=weight)
    return write_bundle(store, example_manifest(model), model)


def record_in_log(store: Store, champion: str, challenger: str) -> PredictionRecord:
    """Return what a replica would log, read back from the log."""
    row = np.array([[1.0, 0.0, 0.1]], dtype=np.float32)
    outputs_of = {name: float(load_bundle(store, name).predict(row)[0]) for name in (champion, challenger)}
    log = open_prediction_log(store, secret=SECRET, settings=ServingSettings())
    record = msgspec.structs.replace(
        prediction_record(),
        features={"attack": row[0].tolist()},
        outputs={"attack": outputs_of[champion]},
        bundles={"attack": champion},
        shadow_outputs={"attack": outputs_of[challenger]},
        shadow_bundles={"attack": challenger},
    )
    log.append(record)
    log.close()
    return record_of(store, record.id)


def test_a_logged_prediction_repeats_to_the_same_number(store: Store) -> None:
    logged = record_in_log(store, write_example(store, weight=0.7), write_example(store, weight=0.3))
    served, shadow = replay(store, logged)
    assert (served.role, served.same, shadow.role, shadow.same) == ("served", True, "shadow", True)
    assert served.repeated != shadow.repeated


def test_a_record_with_another_number_is_not_the_same(store: Store) -> None:
    logged = record_in_log(store, write_example(store, weight=0.7), write_example(store, weight=0.3))
    almost = float(np.nextafter(np.float64(logged.outputs["attack"]), 1.0))
    assert not replay(store, msgspec.structs.replace(logged, outputs={"attack": almost}))[0].same


def test_a_missing_bundle_is_a_problem_of_its_own_outputs_only(store: Store) -> None:
    champion, challenger = write_example(store, weight=0.7), write_example(store, weight=0.3)
    logged = record_in_log(store, champion, challenger)
    store.delete(f"bundles/{champion}")
    served, shadow = replay(store, logged)
    assert served.repeated is None
    assert not served.same
    assert "incomplete" in str(served.problem)
    assert shadow.same


def test_an_id_without_a_record_is_refused(store: Store) -> None:
    with pytest.raises(DataRefused, match="has no 'unknown'"):
        record_of(store, "unknown")
