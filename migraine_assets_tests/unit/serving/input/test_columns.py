"""The service settles values exactly as training does."""

import datetime as dt
import json

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from migraine_assets.core import contract
from migraine_assets.core.diary.cleaning import CLIPS
from migraine_assets.core.diary.preprocess import preprocess
from migraine_assets.core.features.from_frame import diary_from_frame
from serving.input.cases import case_of
from serving.input.columns import LIMITS, ORDER
from serving.input.decoding import decode_predict

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def test_the_limits_are_those_of_training() -> None:
    ours = {name: tuple(None if np.isinf(end) else end for end in limits) for name, limits in LIMITS.items()}
    assert ours == {clip.field: (clip.low, clip.high) for clip in CLIPS}


def value(field: contract.Field) -> st.SearchStrategy[object]:
    if field.kind == "category":
        return st.none() | st.sampled_from(field.categories)
    if field.kind == "flag":
        return st.none() | st.integers(0, 1)
    low, high = field.low or 0, 600 if field.high is None else field.high
    edges = st.sampled_from([low, high])
    return st.none() | edges | st.floats(low, high, allow_nan=False).map(lambda x: round(x, 1))


def consistent(day: dict[str, object]) -> dict[str, object]:
    """What is refused is no matter here: severity and duration are 0 where no attack is told of."""
    if day["migraine_occurrence"] != 1:
        return {**day, "migraine_severity": 0.0, "duration_h": None}
    return {**day, "migraine_type": "aura"}


FIELDS = [field for field in contract.FIELDS if field.role != "key"]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.fixed_dictionaries({field.name: value(field) for field in FIELDS}), min_size=1, max_size=3))
def test_a_day_becomes_the_same_numbers_online_and_in_training(days: list[dict[str, object]]) -> None:
    dated = [{"date": f"2026-01-0{k + 1}", **consistent(day)} for k, day in enumerate(days)]
    found = case_of(decode_predict(json.dumps({"entries": dated}).encode()), now=NOW)
    frame = pd.DataFrame(dated).assign(participant_id="p", source_file="f", source_row=range(len(days)))
    frame["date"] = pd.to_datetime(frame["date"])
    for field in FIELDS:
        if field.kind != "category":
            frame[field.name] = frame[field.name].astype("float64")
    trained = diary_from_frame(preprocess(frame).diary)
    for place, column in enumerate(ORDER):
        assert np.array_equal(found.values[place], trained.values(column), equal_nan=True), column
