"""Round trip: a frame that is written in any dialect is read back unchanged."""

import datetime
import io
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from migraine_assets.core.contract import FIELDS, Field
from migraine_assets_tests.unit.sources.diaries import read

# Identifiers that do not look like null, with characters that have to be quoted.
IDENTIFIERS = st.text(alphabet='abéß07,;" \n', min_size=1, max_size=5).map(lambda text: f"x{text}x")
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def values(field: Field) -> SearchStrategy:
    if field.kind == "string":
        return IDENTIFIERS
    if field.kind == "date":
        return st.dates(datetime.date(1980, 1, 1), datetime.date(2100, 1, 1)).map(pd.Timestamp)
    if field.categories:
        return st.sampled_from([*field.categories, None])
    if field.kind == "flag":
        return st.sampled_from([0.0, 1.0, np.nan])
    # Three decimals could be thousands in a file whose cells are not separated by commas.
    return st.floats(-1e6, 1e6).map(lambda value: round(value, 2)) | st.just(np.nan)


@st.composite
def frames(draw: DrawFn) -> pd.DataFrame:
    count = draw(st.integers(1, 6))
    chosen = draw(st.lists(st.sampled_from(FIELDS), unique=True, max_size=8))
    needed = [field for field in FIELDS if field.role == "key" or field.name == "migraine_occurrence"]
    fields = list(dict.fromkeys([*needed, *chosen]))
    return pd.DataFrame({field.name: draw(st.lists(values(field), min_size=count, max_size=count)) for field in fields})


@st.composite
def dialects(draw: DrawFn) -> dict:
    separator = draw(st.sampled_from([",", ";", "\t", "|"]))
    return {
        "sep": separator,
        "decimal": draw(st.sampled_from([".", ","])) if separator != "," else ".",
        "lineterminator": draw(st.sampled_from(["\n", "\r\n"])),
        "na_rep": draw(st.sampled_from(["", "NA", "null", "-"])),
        "date_format": draw(st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%Y%m%d", "%d %b %Y", "%Y-%m-%d %H:%M:%S"])),
        "quoting": draw(st.sampled_from([0, 1])),
    }


@settings(max_examples=80, suppress_health_check=QUIET, deadline=None)
@given(frame=frames(), dialect=dialects(), encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]))
def test_csv(tmp_path: Path, frame: pd.DataFrame, dialect: dict, encoding: str) -> None:
    text = frame.to_csv(index=False, **dialect)
    delivery = read(tmp_path, text.encode(encoding))
    assert delivery.frame["unreadable"].isna().all()
    pd.testing.assert_frame_equal(delivery.frame[list(frame.columns)], as_read(frame), check_exact=True)


@settings(max_examples=30, suppress_health_check=QUIET, deadline=None)
@given(frame=frames())
def test_parquet(tmp_path: Path, frame: pd.DataFrame) -> None:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    delivery = read(tmp_path, buffer.getvalue(), name="diary.parquet")
    pd.testing.assert_frame_equal(delivery.frame[list(frame.columns)], as_read(frame), check_exact=True)


def as_read(frame: pd.DataFrame) -> pd.DataFrame:
    """Return `frame` with the types of a raw frame."""
    dtypes = {"number": "float64", "flag": "float64", "date": "datetime64[ns]"}
    types = {field.name: dtypes.get(field.kind, "object") for field in FIELDS if field.name in frame}
    return frame.astype(types)
