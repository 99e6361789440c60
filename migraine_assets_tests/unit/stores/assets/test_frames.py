"""Frames, stored by the hash of their content, and pruning."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from migraine_assets.errors import StoreError
from migraine_assets.stores.assets.current_values import StoredValue, write_current
from migraine_assets.stores.assets.frames import (
    FrameRef,
    frame_parts,
    prune_frames,
    read_frame,
    write_frame,
)
from migraine_assets.stores.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


def diary(rows: int = 4, shift: float = 0.0) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "participant_id": [f"p{row // 2}" for row in range(rows)],
            "date": pd.Series(pd.date_range("2024-02-28", periods=rows)),
            "sleep_hours": np.linspace(5, 9, rows) + shift,
            "x": np.linspace(0, 1, rows, dtype=np.float32),
            "source_row": np.arange(2, rows + 2),
            "reason": [None] * rows,
        }
    )


TEXTS = st.none() | st.text(st.characters(codec="utf-8"), max_size=5)
FRAMES = st.integers(0, 20).flatmap(
    lambda rows: st.fixed_dictionaries(
        {
            "text": st.lists(TEXTS, min_size=rows, max_size=rows),
            "single": hnp.arrays(np.float32, rows, elements=st.floats(width=32, allow_subnormal=False)),
            "double": hnp.arrays(np.float64, rows, elements=st.floats()),
            "whole": hnp.arrays(np.int64, rows),
            "day": st.lists(
                st.none() | st.datetimes(pd.Timestamp("1900-01-01"), pd.Timestamp("2100-01-01")),
                min_size=rows,
                max_size=rows,
            ),
        }
    )
)


@settings(max_examples=40, deadline=None)
@given(columns=FRAMES)
def test_frames_are_read_back_and_equal_frames_have_equal_versions(columns: dict[str, object]) -> None:
    store = Store("memory://round-trip")
    frame = pd.DataFrame(columns)
    frame["text"] = frame["text"].astype(object)
    frame["day"] = pd.to_datetime(frame["day"]).astype("datetime64[ns]")
    ref = write_frame(store, "features", frame)
    pd.testing.assert_frame_equal(read_frame(store, ref), frame)
    assert write_frame(store, "features", frame.copy()) == ref


def test_missing_text_is_read_as_none_even_in_an_empty_column(store: Store) -> None:
    frame = pd.DataFrame({"some": ["a", None, np.nan], "none": [None] * 3, "flag": [1.0, np.nan, 0.0]})
    back = read_frame(store, write_frame(store, "raw", frame))
    assert back["some"].tolist() == ["a", None, None]
    assert back["none"].tolist() == [None] * 3
    assert back["none"].dtype == object
    np.testing.assert_array_equal(back["flag"], [1.0, np.nan, 0.0])


def test_categories_stay_categories(store: Store) -> None:
    frame = pd.DataFrame({"sex": pd.Categorical(["F", None, "M"])})
    pd.testing.assert_frame_equal(read_frame(store, write_frame(store, "raw", frame)), frame)


def test_the_index_is_not_stored(store: Store) -> None:
    frame = diary()
    assert write_frame(store, "raw", frame.set_index(pd.Index([9, 7, 5, 3]))) == write_frame(store, "raw", frame)


def test_another_process_gives_the_same_version(store: Store) -> None:
    script = (
        "import sys\n"
        "from migraine_assets.stores.store import Store\n"
        "from migraine_assets.stores.assets.frames import write_frame\n"
        "from migraine_assets_tests.unit.stores.assets.test_frames import diary\n"
        "print(write_frame(Store(sys.argv[1]), 'raw', diary()).version)\n"
    )
    command = [sys.executable, "-c", script, f"{store.uri}-elsewhere"]
    other = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert write_frame(store, "raw", diary()).version == other


def test_different_frames_have_different_versions(store: Store) -> None:
    frame = diary()
    variants = [frame, diary(shift=1e-9), frame.rename(columns={"x": "y"}), frame.astype({"x": "float64"}), frame[::-1]]
    assert len({write_frame(store, "raw", variant).version for variant in variants}) == len(variants)


def test_selected_columns_are_read_in_the_given_order(store: Store) -> None:
    ref = write_frame(store, "raw", diary())
    back = read_frame(store, ref, ["x", "participant_id"])
    pd.testing.assert_frame_equal(back, diary()[["x", "participant_id"]])


def test_an_existing_frame_is_not_written_again(store: Store) -> None:
    ref = write_frame(store, "raw", diary())
    inode = Path(store.path(ref.path)).stat().st_ino
    write_frame(store, "raw", diary())
    assert Path(store.path(ref.path)).stat().st_ino == inode


def test_a_missing_frame_column_or_content_is_explained(store: Store) -> None:
    ref = write_frame(store, "raw", diary())
    with pytest.raises(StoreError, match="no column mood"):
        read_frame(store, ref, ["x", "mood"])
    with pytest.raises(StoreError, match="4 rows instead of 5"):
        read_frame(store, FrameRef(ref.asset, ref.version, 5, ref.columns))
    store.write(ref.path, store.read(ref.path)[:100])
    with pytest.raises(StoreError, match="its SHA-256 differs from its name"):
        read_frame(store, ref)
    store.delete(ref.path)
    with pytest.raises(StoreError, match="Materialize 'raw' again"):
        read_frame(store, ref)


def aged_frames(store: Store, count: int) -> list[FrameRef]:
    """Write frames from the oldest to the newest, an hour apart."""
    refs = [write_frame(store, "raw", diary(shift=number)) for number in range(count)]
    for number, ref in enumerate(refs):
        os.utime(store.path(ref.path), (3600.0 * number, 3600.0 * number))
    return refs


def test_pruning_keeps_the_newest_frames_and_those_in_use(store: Store) -> None:
    refs = aged_frames(store, 6)
    write_current(store, "raw", StoredValue("DiaryRef", {"frame": refs[0].version}))
    write_current(store, "evaluation/attack", StoredValue("EvaluationRef", {"inputs": [refs[1].version]}))
    assert set(prune_frames(store, "raw", keep=2)) == {refs[2].version, refs[3].version}
    assert [store.exists(ref.path) for ref in refs] == [True, True, False, False, True, True]
    assert prune_frames(store, "raw", keep=2) == ()
    assert prune_frames(store, "unknown") == ()


def test_a_frame_that_is_written_again_counts_as_new(store: Store) -> None:
    """Otherwise pruning could delete it before the current value that refers to it is written."""
    refs = aged_frames(store, 3)
    write_frame(store, "raw", diary(shift=0))
    prune_frames(store, "raw", keep=1)
    assert [store.exists(ref.path) for ref in refs] == [True, False, False]


@given(st.lists(st.integers(1, 9), min_size=1, max_size=8), st.integers(1, 12))
@settings(max_examples=30, deadline=None)
def test_parts_hold_all_rows_of_their_keys(lengths: list[int], rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(folder)
        names = [f"p{k}" for k, length in enumerate(lengths) for _ in range(length)]
        frame = pd.DataFrame({"participant_id": names, "x": np.arange(len(names), dtype=float)})
        ref = write_frame(store, "diary", frame)
        parts = [part.to_pandas() for part in frame_parts(store, ref, ["participant_id", "x", "absent"], rows=rows)]
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), frame)
    seen = [set(part["participant_id"]) for part in parts]
    assert sum(map(len, seen)) == len(set().union(*seen)) == len(lengths)


def test_parts_of_a_damaged_frame_are_refused(store: Store) -> None:
    ref = write_frame(store, "diary", diary())
    Path(store.path(ref.path)).write_bytes(b"other")
    with pytest.raises(StoreError, match="damaged"):
        list(frame_parts(store, ref, ["participant_id"]))
