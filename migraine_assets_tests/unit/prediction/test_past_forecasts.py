"""Forecasts of past days: those that would have been made on the day before, and nothing from later days."""

import datetime as dt

import numpy as np
import pytest

from migraine_assets.core.diary.preprocess import preprocess
from migraine_assets.core.diary.validation import ValidationSettings, validate
from migraine_assets.core.features.diary import Diary
from migraine_assets.core.features.from_frame import diary_from_frame
from migraine_assets.core.features.labels import attack_label
from migraine_assets.prediction.forecasts import Shard, forecast_shards
from migraine_assets.prediction.model_set import ModelNotReady, ModelSet, promoted_models
from migraine_assets.prediction.past_forecasts import past_forecasts
from migraine_assets.prediction.predictor import Predictor
from migraine_assets.sources.registry import read_source
from migraine_assets_tests.support import small_diary
from migraine_assets_tests.unit.serving.trained import ONSET, fresh_store

TODAY = dt.date(2026, 3, 1)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> ModelSet:
    return promoted_models(fresh_store(tmp_path_factory.mktemp("models")))


@pytest.fixture(scope="module")
def diary(tmp_path_factory: pytest.TempPathFactory) -> Diary:
    path = small_diary.write_diary(tmp_path_factory.mktemp("diary") / "diary.csv", participants=1, days=35)
    raw = read_source(str(path), mapping=None, options={}, landing=None).frame
    frame = preprocess(validate(raw, today=TODAY, settings=ValidationSettings()).valid).diary
    return diary_from_frame(frame.drop(index=20))


def until(diary: Diary, rows: int) -> Diary:
    columns = {name: values[:rows] for name, values in diary.columns.items()}
    return Diary(diary.participant[:rows], diary.day[:rows], True, columns)


def test_each_is_the_forecast_of_the_day_before(models: ModelSet, diary: Diary) -> None:
    first = int(diary.day[12])
    past = past_forecasts(diary, models, first=first)
    attack = dict(zip(diary.day.tolist(), diary.values("migraine_occurrence").tolist(), strict=True))
    # The day after the gap has no day before it.
    assert past.day.tolist() == [day for day in diary.day.tolist() if day >= first and day - 1 in attack]
    assert past.outcome.tolist() == [attack[day] for day in past.day.tolist()]
    predictor = Predictor(lambda: models, make_ids=lambda count: [""] * count, secret=b"s")
    for position, day in enumerate(past.day.tolist()):
        before = until(diary, int(np.searchsorted(diary.day, day)))
        (made,) = forecast_shards([Shard(["p"], before)], predictor, today=TODAY)
        (answer,) = made.table().to_pylist()
        assert answer["for_date"].toordinal() - dt.date(1970, 1, 1).toordinal() == day
        assert past.probability[position] == pytest.approx(answer["probability"], abs=1e-6)
        assert past.own_rate[position] == pytest.approx(answer["base_rate"])


def test_a_day_without_enough_history_has_none(models: ModelSet, diary: Diary) -> None:
    past = past_forecasts(diary, models, first=int(diary.day[0]))
    assert past.day[0] == diary.day[1]
    assert np.isnan(past.probability[0])


def test_a_period_without_outcomes_is_empty(models: ModelSet, diary: Diary) -> None:
    assert len(past_forecasts(diary, models, first=int(diary.day[-1]) + 1).day) == 0


def test_without_a_model_there_is_none(diary: Diary) -> None:
    with pytest.raises(ModelNotReady):
        past_forecasts(diary, ModelSet(), first=0)


def test_only_days_that_a_model_of_first_days_can_predict_are_forecast(
    diary: Diary, tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = fresh_store(tmp_path_factory.mktemp("onset"), champions={"attack": "onset"})
    past = past_forecasts(diary, promoted_models(store), first=int(diary.day[0]))
    label = attack_label(diary, 3, ONSET)
    known = np.isfinite(label)
    assert 0 < known.sum() < len(diary)
    assert past.day.tolist() == (diary.day[known] + 3).tolist()
    assert past.outcome.tolist() == label[known].tolist()
