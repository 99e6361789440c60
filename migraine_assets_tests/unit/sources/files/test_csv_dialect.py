import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migraine_assets.sources.files.csv_dialect import (
    delimiter,
    has_stray_quotes,
    preamble,
    records,
    title_lines,
    without,
)

CELL = st.text(alphabet='ab1,;"\n é', max_size=6)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_divides_evenly(separator: str) -> None:
    rows = [["day", "slept", "note"], ["1", "7,5", "a, b; c"], ["2", "8,25", "d"]]
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows(rows)
    assert delimiter(text.getvalue().encode()) == separator


def test_a_single_column_is_read_as_comma_separated() -> None:
    assert delimiter(b"a\n1\n2\n") == ","


def test_decimal_commas_do_not_outvote_semicolons() -> None:
    assert delimiter(b"a;b\n1,5;2,5\n1,5;2,5\n") == ";"


@pytest.mark.parametrize(("body", "skipped", "stated"), [
    (b"a,b\n", 0, None), (b"\n\r\na,b\n", 3, None), (b"# exported\na,b\n", 11, None), (b"sep=;\na;b\n", 6, ";"),
    (b"", 0, None), (b"\n\n", 2, None),
])  # fmt: skip
def test_lines_before_the_header_are_skipped(body: bytes, skipped: int, stated: str | None) -> None:
    assert preamble(body) == (skipped, stated)


@pytest.mark.parametrize(("body", "stray"), [
    (b'a,b\n"1","2"\n', False), (b'a,b\r\n"1","2"\r\n', False), (b'a,b\n"say ""hi""",2\n', False), (b'"a","b"',
    False),
    (b'a,b\n5" tall,2\n', True), (b'a,b\n"1"x,2\n', True), (b'a,b\n"open,2\n', True), (b'a,b\n1, "2"\n', True),
])  # fmt: skip
def test_quotes_inside_a_field_are_detected(body: bytes, stray: bool) -> None:
    assert has_stray_quotes(body, ",") is stray


@settings(max_examples=60)
@given(st.lists(st.lists(CELL, min_size=1, max_size=4), min_size=1, max_size=6), st.sampled_from(["\n", "\r\n"]))
def test_records_are_those_of_the_csv_module(rows: list[list[str]], end: str) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(rows)
    reader = csv.reader(io.StringIO(text.getvalue(), newline=""))
    expected = [(line, len(cells)) for line, cells in zip(_lines(text.getvalue()), reader, strict=True)]
    located = records(text.getvalue().encode(), ",")
    assert list(zip(located.line.tolist(), located.fields.tolist(), strict=True)) == expected


def _lines(text: str) -> list[int]:
    reader = csv.reader(io.StringIO(text, newline=""))
    lines, before = [], 0
    for _ in reader:
        lines.append(before + 1)
        before = reader.line_num
    return lines


def test_blank_records_hold_only_delimiters() -> None:
    assert records(b"a,b\n,\n\r\n1,\n,,,\n,", ",").blank.tolist() == [False, True, True, False, True, True]


def test_records_can_be_removed() -> None:
    body = b'a,b\n1,"x\ny"\n3,4'
    assert without(body, records(body, ","), np.array([True, False, True])) == b'1,"x\ny"\n'
    assert without(body, records(body, ","), np.zeros(3, bool)) is body


def test_titles_above_a_table_are_counted() -> None:
    table = b"a,b,c\n" + b"1,2,3\n" * 12
    assert title_lines(b"Export\nClinic: X;printed\n\n" + table) == 3
    assert title_lines(table) == 0
    assert title_lines(b"Export\na,b,c\n1,2,3\n") == 0, "too short a table to tell"
    assert title_lines(b"a,b,c,d\n" + b"1,2,3\n" * 12) == 0, "a header of another length"
