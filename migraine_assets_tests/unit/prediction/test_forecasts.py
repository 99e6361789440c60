"""Forecasts for everybody: the numbers of the service, the right day, and a reason for whoever has none."""

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from migraine_assets.core.diary.preprocess import preprocess
from migraine_assets.core.diary.validation import ValidationSettings, validate
from migraine_assets.core.features.from_frame import diaries_from_frame
from migraine_assets.errors import DataRefused
from migraine_assets.prediction.forecasts import (
    ABSTAINED,
    LATER_ENTRIES,
    NO_ENTRY,
    Shard,
    ShardForecasts,
    forecast_shards,
)
from migraine_assets.prediction.model_set import ModelNotReady, ModelSet, promoted_models
from migraine_assets.prediction.predictor import Predictor
from migraine_assets.sources.registry import read_source
from migraine_assets.stores.store import Store
from migraine_assets_tests.support import small_diary
from migraine_assets_tests.unit.serving.trained import fresh_store
from serving.input.cases import case_of, histories_of
from serving.input.decoding import decode_predict

TODAY = dt.date(2026, 3, 1)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> ModelSet:
    return promoted_models(fresh_store(tmp_path_factory.mktemp("models")))


@pytest.fixture(scope="module")
def frame(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    path = small_diary.write_diary(tmp_path_factory.mktemp("diary") / "diary.csv", participants=9, days=35)
    raw = read_source(str(path), mapping=None, options={}, landing=None).frame
    return preprocess(validate(raw, today=TODAY, settings=ValidationSettings()).valid).diary


def predictor(models: ModelSet) -> Predictor[ModelSet]:
    return Predictor(lambda: models, make_ids=lambda count: [f"id-{k}" for k in range(count)], secret=b"s")


def shards(frame: pd.DataFrame, rows: int = 10_000) -> list[Shard]:
    return [Shard(names, diary) for names, diary in diaries_from_frame(frame, rows=rows)]


def forecast(models: ModelSet, frame: pd.DataFrame, **options: object) -> Sequence[ShardForecasts]:
    parts = shards(frame, rows=int(options.pop("rows", 10_000)))  # type: ignore[call-overload]
    return list(forecast_shards(parts, predictor(models), today=TODAY, **options))  # type: ignore[arg-type]


def test_a_forecast_is_that_of_the_service(models: ModelSet, frame: pd.DataFrame) -> None:
    (forecasts,) = forecast(models, frame)
    table = forecasts.table().to_pylist()
    assert [row["participant_id"] for row in table] == sorted(frame["participant_id"].unique())
    for row in table:
        own = frame[frame["participant_id"] == row["participant_id"]]
        days = own[["date", "sex", "age", "stress_level", "sleep_hours", "migraine_occurrence", "migraine_severity"]]
        days = days.assign(date=days["date"].dt.strftime("%Y-%m-%d")).astype(object)
        entries = days.where(days.notna(), None).to_dict("records")
        case = case_of(
            decode_predict(json.dumps({"entries": entries}).encode()), now=dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
        )
        alone = predictor(models).predict(histories_of([case]))
        assert row["for_date"] == own["date"].max().date() + dt.timedelta(days=1)
        assert row["probability"] == pytest.approx(alone.groups["attack"][0].outputs[0], abs=1e-6)
        assert row["base_rate"] == alone.past[0, 2]
        at = alone.groups["attack"][0].rows
        position = forecasts.names.index(row["participant_id"])
        assert forecasts.predictions is not None
        assert forecasts.predictions.groups["attack"][0].rows[position].tobytes() == at[0].tobytes()


def test_shards_change_nothing(models: ModelSet, frame: pd.DataFrame) -> None:
    left_out = ["prediction_id", "warnings"]
    whole = forecast(models, frame)[0].table().drop(left_out).to_pylist()
    parts = forecast(models, frame, rows=80)
    assert len(parts) > 3
    rows = [row for part in parts for row in part.table().drop(left_out).to_pylist()]
    for row, expected in zip(rows, whole, strict=True):
        assert row == pytest.approx(expected, abs=1e-6)


def test_on_a_day_whoever_has_no_entry_on_the_day_before_gets_none(models: ModelSet, frame: pd.DataFrame) -> None:
    """The diaries of the frame end one day after another."""
    ends = frame.groupby("participant_id")["date"].max().dt.date
    (forecasts,) = forecast(models, frame, day=ends.iloc[4] + dt.timedelta(days=1))
    assert forecasts.without == {NO_ENTRY: 4, LATER_ENTRIES: 4}
    rows = forecasts.table().to_pylist()
    assert [row["for_date"] for row in rows if row["for_date"]] == [ends.iloc[4] + dt.timedelta(days=1)]
    assert rows[4]["error"] is None
    assert rows[0]["error"] == f"There is no entry on {ends.iloc[4]}; the newest entry is of {ends.iloc[0]}."
    assert "goes on to" in rows[8]["error"]


def test_a_day_without_entries_has_no_forecast(models: ModelSet, frame: pd.DataFrame) -> None:
    (forecasts,) = forecast(models, frame, day=TODAY)
    assert forecasts.predictions is None
    assert forecasts.without == {NO_ENTRY: 9}
    assert forecasts.table()["probability"].null_count == 9


def test_on_request_diaries_that_end_earlier_are_forecast_too(models: ModelSet, frame: pd.DataFrame) -> None:
    ends = frame.groupby("participant_id")["date"].max().dt.date
    (found,) = forecast(models, frame, day=ends.iloc[4] + dt.timedelta(days=1), earlier=True)
    assert found.without == {LATER_ENTRIES: 4}
    dates = [row["for_date"] for row in found.table().to_pylist()][:5]
    assert dates == [end + dt.timedelta(days=1) for end in ends.iloc[:5]]


def test_abstentions_are_counted(models: ModelSet, frame: pd.DataFrame) -> None:
    short = frame.groupby("participant_id").head(2).reset_index(drop=True)
    (forecasts,) = forecast(models, short)
    assert forecasts.without == {ABSTAINED: 9}
    assert forecasts.table()["abstained"].to_pylist() == [True] * 9


def test_rows_without_dates_need_a_model_of_the_same_day(models: ModelSet, frame: pd.DataFrame, tmp_path: Path) -> None:
    undated = frame.assign(date=pd.NaT)
    with pytest.raises(DataRefused, match="no dates"):
        forecast(models, undated)
    flat = promoted_models(fresh_store(tmp_path, champions={"attack": "flat"}))
    (forecasts,) = forecast(flat, undated)
    assert len(forecasts.names) == len(undated)
    assert set(forecasts.table()["for_date"].to_pylist()) == {TODAY}
    assert not np.isnan(forecasts.table()["probability"].to_numpy(zero_copy_only=False)).any()


def test_before_a_promotion_there_is_no_forecast(tmp_path: Path) -> None:
    with pytest.raises(ModelNotReady, match="migraine run"):
        promoted_models(Store(str(tmp_path)))
