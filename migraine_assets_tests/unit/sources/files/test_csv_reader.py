import pytest

from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.csv_reader import csv_sheet
from migraine_assets.sources.files.delivery import source_file
from migraine_assets.sources.files.limits import SourceLimits
from migraine_assets.sources.files.reader import read_sheet
from migraine_assets.sources.files.sheet import Sheet


def sheet(text: str) -> Sheet:
    return read_sheet(source_file("diary.csv", text.encode()))


def cells(content: Sheet, position: int) -> list[str | None]:
    return content.load([position])[0].to_pylist()


def test_cells_stay_text_and_lines_are_physical() -> None:
    content = sheet('id,note\n007,"two\nlines"\n008,x\n')
    assert content.header == ("id", "note")
    assert cells(content, 0) == ["007", "008"]
    assert cells(content, 1) == ["two\nlines", "x"]
    assert content.lines.tolist() == [2, 4]


def test_blank_lines_are_not_rows_but_count_as_lines() -> None:
    content = sheet("# a comment\n\na,b\n1,2\n\n,\n3,4\n\n")
    assert content.lines.tolist() == [4, 7]
    assert cells(content, 1) == ["2", "4"]
    assert content.notes == ("diary.csv: 3 empty lines were skipped.",)


@pytest.mark.parametrize("quoted", ["", '5" x'])
def test_a_ragged_line_has_null_cells_and_a_problem(quoted: str) -> None:
    content = sheet(f"a,b,c\n1,2,{quoted}\n1,2\n4,5,6\n1,2,3,4\n")
    assert content.lines.tolist() == [2, 3, 4, 5]
    assert cells(content, 0) == ["1", None, "4", None]
    assert content.problems == {
        1: "the line has 2 fields, but the header has 3: check its quotes and delimiters",
        3: "the line has 4 fields, but the header has 3: check its quotes and delimiters",
    }


def test_a_file_of_ragged_lines_only() -> None:
    content = sheet("a,b,c\n1,2\n")
    assert cells(content, 0) == [None]
    assert list(content.problems) == [0]


def test_row_names_of_r_do_not_shift_columns() -> None:
    content = sheet("a,b\nr1,1,2\nr2,3,4\n")
    assert content.header == ("", "a", "b")
    assert cells(content, 1) == ["1", "3"]
    assert "one field more" in content.notes[0]


@pytest.mark.parametrize("quoted", ["2", '5" x'])
def test_trailing_delimiters_do_not_shift_columns(quoted: str) -> None:
    content = sheet(f"a,b\n1,{quoted},\r\n3,4,\n")
    assert content.header == ("a", "b", "")
    assert cells(content, 1) == [quoted, "4"]
    assert "ends in a delimiter" in content.notes[0]


def test_quotes_inside_fields_are_kept() -> None:
    content = sheet('a,b\n5" tall,1\n\n"x, y", "2"\n')
    assert cells(content, 0) == ['5" tall', "x, y"]
    assert cells(content, 1) == ["1", "2"]
    assert content.lines.tolist() == [2, 4]


def test_a_quote_that_never_closes_is_refused_by_its_line() -> None:
    with pytest.raises(DataRefused, match=r"diary\.csv line 3 opens a quote"):
        sheet('a,b\n1,2\n"3,4\n5,6\n')


def test_an_oversized_header_is_refused() -> None:
    with pytest.raises(DataRefused, match=r"diary\.csv has an unreadable header"):
        sheet("a" * 200_000 + ",b\n1,2\n")


def test_headers_lose_their_outer_and_double_spaces() -> None:
    assert sheet('" Sleep   hours ",b\n1,2\n').header == ("Sleep hours", "b")


def test_a_decimal_comma_requires_another_delimiter() -> None:
    assert sheet("a;b\n1,5;2\n").decimal_comma
    assert not sheet("a,b\n1.5,2\n").decimal_comma


def test_thousands_of_columns_and_long_lines_are_read() -> None:
    wide = sheet(",".join(f"c{i}" for i in range(5000)) + "\n" + ",".join(str(i) for i in range(5000)) + "\n")
    assert cells(wide, 4999) == ["4999"]
    long = sheet("a,b\n1," + "x" * 5_000_000 + "\n2,y\n")
    assert cells(long, 0) == ["1", "2"]


def test_the_last_line_needs_no_newline() -> None:
    assert cells(sheet("a,b\r\n1,2\r\n3,4"), 1) == ["2", "4"]


@pytest.mark.parametrize(("limits", "message"), [
    (SourceLimits(rows=2), "has 3 lines; the limit is 2"),
    (SourceLimits(columns=1), "has 2 columns; the limit is 1"),
    (SourceLimits(cells=3), "has 2 rows of 2 columns; the limit is 3"),
])  # fmt: skip
def test_the_shape_is_limited(limits: SourceLimits, message: str) -> None:
    with pytest.raises(DataRefused, match=message):
        csv_sheet("diary.csv", b"a,b\n1,2\n3,4\n", notes=(), limits=limits)


def test_the_length_of_a_line_is_limited() -> None:
    with pytest.raises(DataRefused, match=r"has a line of 20,000 KiB; the limit is 16,384\. .*line_kib"):
        csv_sheet("diary.csv", b"a,b\n" + b"1" * (20_000 << 10) + b",2\n", notes=())
