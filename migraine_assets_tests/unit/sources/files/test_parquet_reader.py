import io

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.limits import SourceLimits
from migraine_assets.sources.files.parquet_reader import parquet_sheet


def _parquet(table: pa.Table, **options: object) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


def test_text_in_several_batches_is_one_column() -> None:
    words = [f"participant {number % 700}" for number in range(100_000)]
    content = _parquet(pa.table({"a": words, "b": range(100_000)}), row_group_size=30_000)
    text, number = parquet_sheet("x.parquet", content).load([0, 1])
    assert text.to_pylist() == words
    assert number.to_pylist() == list(range(100_000))


@pytest.mark.parametrize("options", [
    {"compression": "zstd"},
    {"compression": "zstd", "use_dictionary": False, "column_encoding": {"a": "DELTA_BYTE_ARRAY"}},
])  # fmt: skip
def test_a_value_that_is_repeated_beyond_the_limit_is_refused(options: dict[str, object]) -> None:
    value = "x" * 100_000
    content = _parquet(pa.table({"a": [value] * 1000}), **options)
    assert len(content) < 100_000
    with pytest.raises(DataRefused, match="expands to more than 10 MiB"):
        parquet_sheet("x.parquet", content, SourceLimits(expanded_mib=10)).load([0])


@pytest.mark.parametrize(("limits", "message"), [
    (SourceLimits(rows=9), "has 10 rows; the limit is 9"),
    (SourceLimits(columns=1), "has 2 columns; the limit is 1"),
    (SourceLimits(cells=19), "10 rows of 2 columns; the limit is 19"),
])  # fmt: skip
def test_the_shape_in_the_footer_is_limited(limits: SourceLimits, message: str) -> None:
    content = _parquet(pa.Table.from_pandas(pd.DataFrame({"a": range(10), "b": range(10)})))
    with pytest.raises(DataRefused, match=message):
        parquet_sheet("x.parquet", content, limits)
