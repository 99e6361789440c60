import msgspec
import numpy as np
import pytest

from migraine_assets.errors import StoreError
from migraine_assets.stores.prediction_log.reader import read
from migraine_assets.stores.prediction_log.record import PredictionRecord
from migraine_assets.stores.prediction_log.record_block import PREFIX, Block, Part, ShadowPart, records_of
from migraine_assets.stores.prediction_log.segments import segments
from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.stores.prediction_log.log_records import NOON

DAY = "2026-03-01"


def part(**changes: object) -> Part:
    rows = np.array([[1.0, np.nan], [0.5, 2.0]], dtype="<f4")
    values = {
        "task": "attack",
        "bundle": "b",
        "arm": "champion",
        "positions": [0, 2],
        "outputs": [0.25, None],
        "width": 2,
    }
    return Part(**{**values, "features": rows.tobytes(), **changes})


def block(*parts: Part, **changes: object) -> Block:
    values = {
        "time": NOON,
        "latency_ms": 2.5,
        "ids": ["i", "j", "k"],
        "participants": ["p", None, "r"],
        "for_dates": None,
    }
    return Block(**{**values, "parts": list(parts), **changes})


def other() -> Part:
    return part(
        bundle="c", arm="canary", positions=[1], outputs=[0.75], features=np.ones((1, 2), dtype="<f4").tobytes()
    )


def test_each_answer_is_a_record_with_the_inputs_and_output_of_its_model() -> None:
    first, second, third = records_of(block(part(), other()))
    assert (first.id, first.participant, first.features, first.outputs) == (
        "i",
        "p",
        {"attack": [1.0, None]},
        {"attack": 0.25},
    )
    assert (second.bundles, second.arm, second.outputs) == ({"attack": "c"}, "canary", {"attack": 0.75})
    assert (third.abstained, third.outputs, third.features) == (True, {}, {"attack": [0.5, 2.0]})


def test_a_shadow_is_recorded_for_its_own_rows() -> None:
    shadow = ShadowPart(
        bundle="s", positions=[0], outputs=[0.1], width=1, features=np.zeros((1, 1), dtype="<f4").tobytes()
    )
    first, _, third = records_of(block(part(shadow=shadow), other()))
    assert (first.shadow_outputs, first.shadow_bundles) == ({"attack": 0.1}, {"attack": "s"})
    assert first.shadow_features == {"attack": [0.0]}
    assert third.shadow_bundles == {}


def test_a_block_comes_back_from_the_log_as_its_records(tmp_path: object) -> None:
    store, whole = Store(str(tmp_path)), block(part(), other())
    target = segments(store, "predictions", segment_bytes=1 << 20)
    line = msgspec.json.encode(whole)
    assert line.startswith(PREFIX)
    target.write(DAY, line + b"\n")
    target.close()
    assert read(store, PredictionRecord, day=DAY).records == records_of(whole)


@pytest.mark.parametrize(
    "damaged",
    [
        {"block": 2},
        {"ids": ["i", "j"]},
        {"participants": []},
        {"parts": [part(width=3)]},
        {"parts": [part(positions=[0, 9])]},
    ],
    ids=["format", "ids", "participants", "width", "place"],
)
def test_a_damaged_block_holds_no_records_and_is_counted_as_torn(tmp_path: object, damaged: dict[str, object]) -> None:
    broken = block(*damaged.pop("parts", [part(), other()]), **damaged)  # type: ignore[misc]
    with pytest.raises(StoreError, match="block of prediction records"):
        records_of(broken)
    store = Store(str(tmp_path))
    target = segments(store, "predictions", segment_bytes=1 << 20)
    target.write(DAY, msgspec.json.encode(broken) + b"\n")
    target.close()
    batch = read(store, PredictionRecord, day=DAY)
    assert (batch.records, batch.torn) == ((), 1)
