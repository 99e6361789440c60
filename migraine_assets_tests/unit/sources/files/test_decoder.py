"""Files that crash the process that decodes them, or make it exceed its memory or time."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.decoder import Decoder
from migraine_assets.sources.files.limits import DEFAULT, SourceLimits
from migraine_assets.sources.files.parquet_reader import parquet_sheet
from migraine_assets_tests.support.hostile_tables import deep_schema, parquet
from migraine_assets_tests.unit.sources.importers.formats.test_workbook import xlsx

TABLE = pa.table({"a": [1.5, None, 3.0], "b": ["x", None, "z"], "c": [[1], None, []]})


@pytest.fixture
def decoder() -> Iterator[Decoder]:
    decoder = Decoder()
    yield decoder
    decoder.close()


def cells(decoder: Decoder, content: bytes = parquet(TABLE), limits: SourceLimits = DEFAULT) -> list[pa.Array]:
    return decoder.sheet("parquet", "x.parquet", content, limits=limits).load([2, 0, 1])


def test_the_sheet_is_that_of_the_reader(decoder: Decoder) -> None:
    content = parquet(TABLE)
    here, apart = parquet_sheet("x.parquet", content), decoder.sheet("parquet", "x.parquet", content, limits=DEFAULT)
    assert (apart.header, apart.lines.tolist()) == (here.header, here.lines.tolist())
    assert apart.load([2, 0, 1]) == here.load([2, 0, 1])
    assert apart.load([]) == []


@pytest.mark.parametrize("depth", [10_000, 100_000])  # a crash of the decoder and one of the reader of the footer
def test_a_file_that_crashes_its_decoder_is_refused_and_the_next_one_is_read(decoder: Decoder, depth: int) -> None:
    with pytest.raises(DataRefused, match=r"x.parquet ended the process that decodes it \(SIGSEGV\).*as CSV\."):
        decoder.sheet("parquet", "x.parquet", deep_schema(depth), limits=DEFAULT).load([0])
    assert cells(decoder)[2].to_pylist() == ["x", None, "z"]


def test_time_is_limited() -> None:
    decoder = Decoder(seconds=0.05)
    content = xlsx(*[tuple(range(100))] * 500)
    with pytest.raises(DataRefused, match=r"x.xlsx takes more than 0.05 s to decode. Split it"):
        decoder.sheet("workbook", "x.xlsx", content, limits=DEFAULT)
    decoder.close()


def test_memory_is_limited(decoder: Decoder) -> None:
    numbers = np.random.default_rng(7).integers(0, 1 << 60, 2_000_000)
    content = parquet(pa.table({"a": numbers}), row_group_size=2_000_000)
    limits = SourceLimits(expanded_mib=17)
    sheet = decoder.sheet("parquet", "x.parquet", content, limits=limits)
    with pytest.raises(DataRefused, match=r"sources: \{expanded_mib"):
        sheet.load([0] * 8)


def test_another_process_is_started_where_one_has_ended_or_has_other_limits(decoder: Decoder) -> None:
    cells(decoder)
    assert decoder.worker is not None
    first = decoder.worker.pid
    cells(decoder)
    assert decoder.worker.pid == first
    os.kill(first, signal.SIGKILL)
    cells(decoder)
    second = decoder.worker.pid
    cells(decoder, limits=SourceLimits(expanded_mib=512))
    assert len({first, second, decoder.worker.pid}) == 3


def test_a_refusal_is_that_of_the_reader(decoder: Decoder) -> None:
    with pytest.raises(DataRefused, match="damaged Parquet"):
        cells(decoder, parquet(TABLE)[:-20])
    with pytest.raises(DataRefused, match=r"has 3 columns; the limit is 1"):
        cells(decoder, limits=SourceLimits(columns=1))


def test_the_process_has_no_secrets(decoder: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    cells(decoder)
    assert decoder.worker is not None
    assert b"AWS" not in Path(f"/proc/{decoder.worker.pid}/environ").read_bytes()
