"""Nightly forecasts in the prediction log: one set of genuine, repeatable records for each day."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from migraine_assets.core.features.from_frame import diaries_from_frame
from migraine_assets.prediction.forecast_log import Logged, NightIds, log_forecasts
from migraine_assets.prediction.forecasts import Shard, forecast_shards
from migraine_assets.prediction.model_set import promoted_models
from migraine_assets.prediction.predictor import Predictor
from migraine_assets.stores.monitoring.collection import collect_predictions, read_collected
from migraine_assets.stores.prediction_log.prediction_ids import is_genuine
from migraine_assets.stores.prediction_log.reader import find_record, read
from migraine_assets.stores.prediction_log.record import PredictionRecord
from migraine_assets.stores.pseudonyms import pseudonym
from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.serving.trained import fresh_store, put_in_charge, trained
from serving.log.replay import replay

SECRET = b"s" * 32
DAY = dt.date(2026, 2, 1)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return fresh_store(tmp_path)


def diary(people: int = 6, days: int = 20) -> pd.DataFrame:
    dates = pd.date_range(end="2026-01-31", periods=days).tolist() * people
    return pd.DataFrame(
        {
            "participant_id": [f"p{k}" for k in range(people) for _ in range(days)],
            "date": dates,
            "stress_level": [float(1 + k % 10) for k in range(people * days)],
            "migraine_occurrence": [float(k % 4 == 0) for k in range(people * days)],
        }
    )


def night(store: Store, frame: pd.DataFrame, *, rows: int = 50, about: str = "a") -> Logged:
    models = promoted_models(store)
    ids = NightIds(SECRET, DAY, about)
    shards = [Shard(names, part) for names, part in diaries_from_frame(frame, rows=rows)]
    forecasts = forecast_shards(shards, Predictor(lambda: models, make_ids=ids.make, secret=SECRET), today=DAY, day=DAY)
    return log_forecasts(store, forecasts, day=DAY, secret=SECRET)


def records(store: Store) -> tuple[PredictionRecord, ...]:
    return read(store, PredictionRecord, day=DAY.isoformat()).records


def test_the_records_are_those_of_a_service(store: Store) -> None:
    logged = night(store, diary())
    logged_records = records(store)
    assert (logged.participants, logged.forecasts, len(logged_records)) == (6, 6, 6)
    assert {record.participant for record in logged_records} == {pseudonym(SECRET, f"p{k}") for k in range(6)}
    for record in logged_records:
        assert is_genuine(SECRET, record.id)
        assert record.for_date == "2026-02-01"
        assert dt.datetime.fromtimestamp(record.time, dt.UTC).date() == DAY
        assert find_record(store, record.id) == record
        assert all(line.same for line in replay(store, record))
    assert logged.mean_risk == pytest.approx(sum(r.outputs["attack"] or 0 for r in logged_records) / 6)


def test_a_repeated_night_leaves_one_set_of_records(store: Store) -> None:
    night(store, diary())
    before = records(store)
    collect_predictions(store, DAY)
    night(store, diary())
    assert [record.id for record in records(store)] == [record.id for record in before]
    assert collect_predictions(store, DAY).new == 0
    assert read_collected(store, "predictions", DAY).num_rows == 12


def test_other_models_and_fewer_participants_replace_the_records(store: Store) -> None:
    night(store, diary())
    before = {record.id for record in records(store)}
    put_in_charge(store, "attack", trained()[1]["attack_2"])
    night(store, diary(people=3), about="b")
    after = records(store)
    assert len(after) == 3
    assert before.isdisjoint(record.id for record in after)
    assert {record.bundles["attack"] for record in after} == {trained()[1]["attack_2"]}


def test_ids_cannot_be_computed_without_the_secret() -> None:
    own, other = (NightIds(secret, DAY, "a").make(3) for secret in (SECRET, b"t" * 32))
    assert len({*own, *other}) == 6
    assert not any(is_genuine(SECRET, identity) for identity in other)


def test_a_night_without_a_forecast_writes_nothing(store: Store) -> None:
    logged = night(store, diary().query("date < '2026-01-25'").reset_index(drop=True))
    assert (logged.forecasts, logged.without["no entry"], logged.mean_risk) == (0, 6, None)
    assert records(store) == ()
