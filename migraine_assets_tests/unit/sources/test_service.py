"""Kept diaries as a source. Their features at any past time equal those that the service computed then."""

import datetime as dt
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migraine_assets.core.contract import CONTRACT, Contract, Field
from migraine_assets.core.diary.preprocess import preprocess
from migraine_assets.core.diary.validation import ValidationSettings, validate
from migraine_assets.core.features import engine
from migraine_assets.core.features.engine import select
from migraine_assets.core.features.from_frame import diary_from_frame
from migraine_assets.core.features.table import default_plan
from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.prediction.history_features import HistoryFeatures
from migraine_assets.prediction.recipe import HISTORY, PAST, ModelRecipe
from migraine_assets.sources.registry import check_source, read_source, repeat_source
from migraine_assets.stores.diaries.diaries import EPOCH, Diaries
from migraine_assets.stores.diaries.statements import PROFILE
from migraine_assets_tests.support.kept_diaries import no_check, open_diaries
from serving.contract.problems import Refused
from serving.contract.requests import DEFAULT
from serving.input.cases import histories_of
from serving.input.kept_days import NEEDED_DAYS, check_day, kept_case

TODAY = dt.date(2026, 3, 1)
LAST = TODAY.toordinal() - EPOCH
PLAN = default_plan()
RECIPE = ModelRecipe(PLAN, select(PAST, plan=PLAN), int(select((HISTORY,), plan=PLAN)[0]))

_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "stress_level": st.floats(1, 10),
    "sleep_hours": st.floats(0, 24),
    "caffeine_intake": st.integers(0, 20),
    "weather_pressure": st.floats(870, 1085),
    "menstrual_cycle": st.integers(0, 1),
    "medication": st.integers(0, 1),
    "neck_pain": st.booleans(),
    "age": st.integers(10, 100),
    "sex": st.sampled_from(["F", "M"]),
    "migraine_type": st.sampled_from(["aura", "no_aura", "mixed", "other"]),
    "migraine_occurrence": st.integers(0, 1),
    "migraine_severity": st.integers(0, 10),
}
CHANGES = st.fixed_dictionaries({}, optional={name: st.none() | values for name, values in _VALUES.items()})
# Few days, so that most edits change an existing one; far enough apart to exceed the look-back.
DAYS = st.integers(0, 3).map(lambda k: LAST - 14 * k) | st.integers(LAST - 6, LAST)
EDITS = st.lists(st.tuples(st.just(PROFILE) | DAYS, CHANGES), min_size=1, max_size=12)


def online(diaries: Diaries) -> np.ndarray | None:
    """Return the features that the service computes for the newest day, float32[features]."""
    days, profile = diaries.recent("", "anna", last=LAST, count=NEEDED_DAYS)
    if not days:
        return None
    case = kept_case("anna", days, profile, explain=False, schema=DEFAULT)
    return HistoryFeatures(histories_of((case,)), DEFAULT.columns, horizon=1).of(RECIPE)[0]


def offline(moment: float) -> dict[int, bytes]:
    """Return the features of each day at `moment`, as training computes them: float32[features] by day."""
    as_of = dt.datetime.fromtimestamp(moment, dt.UTC).isoformat()
    frame = read_source("service", mapping=None, options={"as_of": as_of}, landing=None).frame
    checked = validate(frame, today=TODAY, settings=ValidationSettings())
    diary = diary_from_frame(preprocess(checked.valid).diary)
    rows = engine.compute(diary, horizon=1)
    return {day: row.tobytes() for day, row in zip(diary.day.tolist(), rows, strict=True)}


@given(edits=EDITS)
@settings(max_examples=25, deadline=None)
def test_features_of_the_past_are_those_that_the_service_computed_bit_for_bit(edits: list[Any]) -> None:
    """This includes values that were changed or removed later."""
    now, computed = [1_700_000_000.0], []
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as environment:
        environment.setenv("MIGRAINE_HOME", folder)
        with open_diaries(home=Path(folder), clock=lambda: now[0]) as diaries:
            for day, changes in edits:
                now[0] += 60
                fields = {name: value for name, value in changes.items() if day != PROFILE or name in DEFAULT.static}
                # A contradiction between a profile and earlier days is not detected when the profile is written.
                fields = fields if day != PROFILE else {n: v for n, v in fields.items() if n != "migraine_type"}
                try:
                    diaries.put("", "anna", day, fields, check=lambda values: check_day(values, DEFAULT))
                except Refused:
                    continue
                if (row := online(diaries)) is not None:
                    computed.append((now[0] + 1, diaries.recent("", "anna", last=LAST, count=1)[0][0].day, row))
        for moment, day, row in computed:
            assert offline(moment)[day] == row.tobytes()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MIGRAINE_HOME", str(tmp_path))
    return tmp_path


def test_kept_diaries_are_a_delivery_that_can_be_repeated(home: Path) -> None:
    with open_diaries(home=home) as diaries:
        diaries.put("", "anna", PROFILE, {"age": 30, "sex": "F"}, check=no_check)
        for k in range(3):
            diaries.put("", "anna", LAST - k, {"stress_level": k, "mood": "low"}, check=no_check)
            diaries.put("north", "anna", LAST - k, {"sleep_hours": k}, check=no_check)
        key = diaries.names.pseudonym("anna")
    own = Contract((*CONTRACT.fields, Field("mood", "category", "exposure", "Mood.", categories=("low",))))
    delivery = read_source("service", mapping=None, options={}, landing=None, contract=own)
    assert sorted(set(delivery.frame["participant_id"])) == [key, f"{key}@north"]
    assert delivery.frame.loc[0, ["age", "sex", "stress_level", "mood"]].tolist() == [30, "F", 2, "low"]
    assert delivery.frame["date"].iloc[0] == pd.Timestamp(TODAY) - pd.Timedelta(days=2)
    again = read_source("service", mapping=None, options={}, landing=None, contract=own)
    assert again.md5 == delivery.md5
    [file] = delivery.files
    options = {"md5": delivery.md5, "mapping": None, "description": delivery.description, "contract": own}
    repeated = repeat_source("service", files=[(file.name, file.content)], **options)  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(repeated.frame, delivery.frame)
    assert replace(repeated, frame=delivery.frame) == replace(delivery, frame=delivery.frame)
    assert "mood" not in read_source("service", mapping=None, options={}, landing=None).frame
    assert b"anna" not in file.content


def test_without_a_kept_diary_the_source_is_refused(home: Path) -> None:
    with pytest.raises(DataRefused, match="PUT /diaries"):
        read_source("service", mapping=None, options={}, landing=None)
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("options", [{"as_of": "yesterday"}, {"participants": "3"}])
def test_wrong_options_are_refused_before_a_run(options: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="as_of"):
        check_source("service", mapping=None, options=options, landing=None)
