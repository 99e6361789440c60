"""One predictor for every protocol: the same days give the same predictions in each of them."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from migraine_assets.prediction.histories import Histories
from migraine_assets.prediction.model_set import ModelNotReady
from migraine_assets.prediction.predictor import PredictionSet, Predictor
from migraine_assets.stores.store import Store
from migraine_assets_tests.support.hostile_tables import stream
from migraine_assets_tests.unit.serving.trained import fresh_store, history, trained
from serving.contract.requests import DEFAULT
from serving.input.arrow_columns import columns_of
from serving.input.arrow_files import STREAM
from serving.input.arrow_participants import participants_of
from serving.input.cases import case_of, histories_of
from serving.input.decoding import decode_predict
from serving.input.table_reader import TableReader
from serving.model.watcher import ModelWatcher, ServedModels

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
# Histories of different lengths; the shortest is too short for a prediction.
DAYS = {"a": 1, "b": 12, "c": 40}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return fresh_store(tmp_path_factory.mktemp("predictor"))


@pytest.fixture(scope="module")
def models(store: Store) -> ServedModels:
    watcher = ModelWatcher(store)
    watcher.check()
    return watcher.current


def predictor(models: ServedModels, **options: Any) -> Predictor[ServedModels]:
    return Predictor(lambda: models, make_ids=lambda count: [str(k) for k in range(count)], secret=b"s", **options)


def from_json(*names: str) -> Histories:
    bodies = [{"participant_id": name, "entries": history(DAYS[name])} for name in names]
    return histories_of([case_of(decode_predict(json.dumps(body).encode()), now=NOW) for body in bodies])


def from_table(*names: str, every_row: bool = False) -> Histories:
    table = pa.Table.from_pylist([{**day, "participant_id": name} for name in names for day in history(DAYS[name])])
    table = table.set_column(table.column_names.index("date"), "date", table.column("date").cast(pa.date32()))
    reader = TableReader()
    try:
        decoded = reader.read(stream(table), STREAM, most=1000, schema=DEFAULT)
    finally:
        reader.close()
    return participants_of(columns_of(decoded, now=NOW), every_row=every_row).histories


def rows(predictions: PredictionSet) -> np.ndarray[Any, Any]:
    [group] = predictions.groups["attack"]
    return group.rows


def outputs(predictions: PredictionSet, task: str) -> np.ndarray[Any, Any]:
    values = np.full(len(predictions.ids), np.inf)
    for group in predictions.groups[task]:
        values[group.positions] = group.outputs
    return values


def test_json_and_tables_give_the_same_features_bit_for_bit(models: ServedModels) -> None:
    together = predictor(models).predict(from_json(*DAYS))
    table = predictor(models).predict(from_table(*DAYS))
    alone = [predictor(models).predict(from_json(name)) for name in DAYS]
    np.testing.assert_array_equal(rows(together), rows(table))
    np.testing.assert_array_equal(rows(together), np.concatenate([rows(single) for single in alone]))
    assert list(together.participants) == list(table.participants) == list(DAYS)
    assert together.for_dates == table.for_dates == ["2026-02-02"] * 3


@pytest.mark.parametrize("task", ["attack", "severity"])
def test_json_and_tables_give_the_same_outputs_and_abstentions(models: ServedModels, task: str) -> None:
    together = outputs(predictor(models).predict(from_json(*DAYS)), task)
    table = outputs(predictor(models).predict(from_table(*DAYS)), task)
    np.testing.assert_array_equal(together, table)
    assert np.isnan(together).tolist() == [True, False, False]


def test_a_row_in_the_middle_of_a_history_ignores_later_rows(models: ServedModels) -> None:
    every_row = predictor(models).predict(from_table("b", every_row=True))
    first_days = predictor(models).predict(
        histories_of([case_of(decode_predict(json.dumps({"entries": history(12)[:10]}).encode()), now=NOW)])
    )
    np.testing.assert_array_equal(rows(every_row)[9:10], rows(first_days))


def test_finished_rows_are_predicted_without_participant_date_or_abstention(models: ServedModels) -> None:
    champion = models.tasks["attack"].champion
    rows = np.full((3, len(champion.manifest.features)), np.nan, dtype=np.float32)
    predictions = predictor(models, least_history_days=20).predict_rows("attack", champion, rows)
    assert predictions.ids == ["0", "1", "2"]
    assert (list(predictions.participants), predictions.for_dates) == ([None] * 3, None)
    np.testing.assert_array_equal(outputs(predictions, "attack"), champion.bundle.predict(rows))


def test_predictions_keep_the_models_that_served_when_the_request_came(tmp_path: Path) -> None:
    """An answer must not name a model that was promoted while it was composed."""
    watcher = ModelWatcher(fresh_store(tmp_path))
    watcher.check()
    before = watcher.current
    predictions = Predictor(lambda: watcher.current, make_ids=lambda count: ["id"] * count, secret=b"s").predict(
        from_json("b")
    )
    watcher.current = ServedModels()
    assert predictions.models is before
    assert predictions.groups["attack"][0].model.bundle.hash == trained()[1]["attack"]


def test_without_a_model_it_is_not_ready() -> None:
    with pytest.raises(ModelNotReady, match="migraine run"):
        predictor(ServedModels()).predict(from_json("b"))


def test_long_work_looks_whether_to_go_on_between_chunks_of_rows(models: ServedModels) -> None:
    """The chunks do not change the outputs."""
    champion = models.tasks["attack"].champion
    rows = np.random.default_rng(0).normal(size=(5000, len(champion.manifest.features))).astype(np.float32)
    checks: list[int] = []
    predictions = predictor(models).predict_rows("attack", champion, rows, lambda: checks.append(1))
    assert len(checks) >= 5000 // 1024
    np.testing.assert_array_equal(outputs(predictions, "attack"), champion.bundle.predict(rows))

    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        predictor(models).predict_rows("attack", champion, rows, stop)
