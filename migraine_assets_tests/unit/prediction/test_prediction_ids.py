"""Prediction ids: every replica verifies the ids of the others, and no id is made twice."""

from migraine_assets.prediction.prediction_ids import PredictionIds, RandomBytes
from migraine_assets_tests.unit.stores.prediction_log.log_records import SECRET


def test_an_id_is_genuine_for_every_replica_with_the_same_secret() -> None:
    [prediction_id] = PredictionIds(SECRET).make(1)
    assert PredictionIds(SECRET).is_genuine(prediction_id)
    assert not PredictionIds(SECRET).is_genuine(prediction_id[:-1])
    assert not PredictionIds(b"another" + SECRET).is_genuine(prediction_id)


def test_ids_are_unique_within_and_across_calls() -> None:
    ids = PredictionIds(SECRET)
    made = [prediction_id for count in (1, 1, 500) for prediction_id in ids.make(count)]
    assert len(set(made)) == 502


def test_random_bytes_come_in_the_length_asked_for_and_are_never_repeated() -> None:
    random = RandomBytes(buffer=16)
    parts = [random(8) for _ in range(10)] + [random(40)]
    assert [len(part) for part in parts] == [8] * 10 + [40]
    assert len(set(parts)) == len(parts)
