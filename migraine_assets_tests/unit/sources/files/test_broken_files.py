"""Realistic broken files: each is refused with a message, or read with every bad row reported."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migraine_assets.errors import DataRefused, MigraineError
from migraine_assets.sources.files.delivery import RAW_COLUMNS
from migraine_assets_tests.unit.sources.diaries import SMALL, read

HEADER = SMALL.splitlines()[0]
EXCEL = b"PK\x03\x04" + bytes(range(256)) * 20


@pytest.mark.parametrize(("content", "sentence"), [
    ("", "is empty"),
    ("\n\n\n", "is empty"),
    (HEADER + "\n", "has a header but no rows"),
    (EXCEL, "a damaged or encrypted ZIP archive"),
    (bytes(range(256)) * 40, "is a binary file"),
    ("participant_id,date,migraine_occurrence,migraine_occurrence\na,2020-01-01,0,1\n", "2 columns called"),
    ("a,b\n1,2\n", "has no outcome"),
    ("2020-01-01,7,0\n2020-01-02,7,1\n", "has no outcome"),
    (SMALL + 'ann,2020-01-03,"7,0\n', "opens a quote"),
    (HEADER + "\n" + "ann,2020-01-01,good,0\n" * 12, "none of the 12 cells of column 'sleep_hours'"),
    (HEADER + "\n" + "ann,2020-01-01,7,maybe\n" * 12, "none of the 12 cells of column 'migraine_occurrence'"),
    (HEADER + "\n" + "ann,4383,7,0\n" * 12, "none of the 12 cells of column 'date'"),
    (HEADER + "\nann,03/04/2020,7,0\n", "day first or month first"),
])  # fmt: skip
def test_an_unusable_file_is_refused_by_name(tmp_path: Path, content: str | bytes, sentence: str) -> None:
    with pytest.raises(DataRefused, match=sentence) as refusal:
        read(tmp_path, content)
    assert "diary.csv" in str(refusal.value) or "Column 'date'" in str(refusal.value)


@pytest.mark.parametrize(("rows", "unreadable"), [
    ("ann,2020-01-01,7,0\n", 0),
    ("ann,2020-01-01,7,0\nann,2020-01-01,7,1\n", 0),
    ("ann,1900-01-01,7,0\nann,2100-01-01,7,1\n", 0),
    ("ann,2020-01-01,7,0\nann,2020-01-02,7,0\n", 0),
    ("ann,2020-01-01,7,0\n,,,\nann,2020-01-02,x,0\n", 0),
    (",2020-01-01,7,0\nann,,7,0\n", 0),
    ("ann,2020-01-01,7\nann,2020-01-01,7,0,,\n", 2),
    ("ann,0001-01-01,7,0\nann,9999-12-31,7,0\n", 2),
])  # fmt: skip
def test_a_flawed_file_is_read_for_validation(tmp_path: Path, rows: str, unreadable: int) -> None:
    frame = read(tmp_path, HEADER + "\n" + rows).frame
    assert tuple(frame.columns) == RAW_COLUMNS
    assert frame["unreadable"].notna().sum() == unreadable


def below_header(rows: str) -> bytes:
    return f"{HEADER}\n{rows}".encode()


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode),
                         st.text(alphabet='a1,;"\n\r\t.-', max_size=200).map(below_header)))  # fmt: skip
def test_any_bytes_are_a_delivery_or_an_explained_error(tmp_path: Path, content: bytes) -> None:
    sentence, columns = "", RAW_COLUMNS
    try:
        columns = tuple(read(tmp_path, content).frame.columns)
    except MigraineError as error:
        sentence = str(error)
    assert columns == RAW_COLUMNS
    assert sentence == "" or sentence.endswith((".", "?", "'", "}"))
