import gzip
import io

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.delivery import source_file
from migraine_assets.sources.files.reader import read_sheet


def parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def test_parquet_is_read_by_its_content_with_row_numbers_from_one() -> None:
    sheet = read_sheet(source_file("x.csv", parquet(pd.DataFrame({"a": [1.5, None], "b": ["x", "y"]}))))
    assert sheet.header == ("a", "b")
    assert sheet.lines.tolist() == [1, 2]
    assert [column.to_pylist() for column in sheet.load([1, 0])] == [["x", "y"], [1.5, None]]


def test_categories_in_parquet_are_plain_text() -> None:
    frame = pd.DataFrame({"a": pd.Categorical(["x", None, "x"])})
    assert read_sheet(source_file("x.parquet", parquet(frame))).load([0])[0].to_pylist() == ["x", None, "x"]


def test_several_row_groups_are_one_column() -> None:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"a": list(range(10))}), buffer, row_group_size=3)
    assert read_sheet(source_file("x.parquet", buffer.getvalue())).load([0])[0].to_pylist() == list(range(10))


def test_gzipped_csv_is_read() -> None:
    assert len(read_sheet(source_file("x.csv.gz", gzip.compress(b"a,b\n1,2\n"))).lines) == 1


@pytest.mark.parametrize(("content", "sentence"), [
    (b"", "is empty"),
    (b" \r\n\n", "is empty"),
    (b"\xef\xbb\xbf", "no table"),
    (b"# only a comment\n", "no table"),
    (b"a,b\n", "a header but no rows"),
    (b"a,b\n\n,\n", "a header but no rows"),
    (parquet(pd.DataFrame({"a": pd.Series([], dtype="float64")})), "columns but no rows"),
    (parquet(pd.DataFrame({"a": [1.0]}))[:-20], "damaged Parquet"),
    (b"PAR1" + bytes(50), "damaged Parquet"),
])  # fmt: skip
def test_a_file_without_rows_is_refused(content: bytes, sentence: str) -> None:
    with pytest.raises(DataRefused, match=rf"diary\.csv .*{sentence}"):
        read_sheet(source_file("diary.csv", content))
