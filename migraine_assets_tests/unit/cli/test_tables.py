"""Tables and paragraphs fit into their width, and no word is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from migraine_assets.cli.tables import layout, wrap

HASH = "b852c2aafa9e3329418e7053d78dacf4887c7e066491a8cd2149bd40913f826d"
ROWS = (
    ("000001", "attack", HASH, "There is no champion yet, and this sentence is longer than one line of a terminal is."),
    ("000002", "severity", HASH, "None."),
)
COLUMNS = ("no.", "task", "bundle", "why")


def test_a_column_of_text_wraps_at_words() -> None:
    rows = [(row[0], row[1], row[3]) for row in ROWS]
    lines = list(layout(("no.", "task", "why"), rows, width=60, text=("why",)))
    assert lines == [
        "no.     task      why",
        "000001  attack    There is no champion yet, and this",
        "                  sentence is longer than one line of a",
        "                  terminal is.",
        "000002  severity  None.",
    ]


def test_a_column_below_its_row_is_labeled() -> None:
    assert list(layout(COLUMNS, ROWS, width=80, below=("bundle", "why"))) == [
        "no.     task",
        "000001  attack",
        f"    bundle  {HASH}",
        "    why     There is no champion yet, and this sentence is longer than one line",
        "            of a terminal is.",
        "000002  severity",
        f"    bundle  {HASH}",
        "    why     None.",
    ]


def test_text_without_room_beside_the_other_columns_is_printed_below_them() -> None:
    lines = list(layout(COLUMNS, ROWS, width=80, text=("why",)))
    assert lines[1] == f"000001  attack    {HASH}"
    assert lines[2] == "    why  There is no champion yet, and this sentence is longer than one line of"


def test_numbers_are_right_aligned_under_their_header() -> None:
    assert list(layout(("model", "AUC"), [("a", "0.9"), ("b", "-0.51")], width=80, right=("AUC",))) == [
        "model    AUC",
        "a        0.9",
        "b      -0.51",
    ]


@pytest.mark.parametrize("word", [HASH, "/a/path/that-is/longer/than/the/terminal/is/wide.html"])
def test_a_word_wider_than_the_terminal_stays_whole(word: str) -> None:
    assert word in wrap(f"See {word} for more.", 40)


def test_line_breaks_of_a_message_are_kept() -> None:
    assert wrap("Refused:\n- one\n- two", 80) == ["Refused:", "- one", "- two"]


WORDS = st.text(alphabet="abcdeé-/.日", min_size=1, max_size=30)
CELLS = st.lists(WORDS, max_size=12).map(" ".join)


@given(st.lists(st.tuples(WORDS, CELLS, CELLS), min_size=1, max_size=5), st.integers(60, 120), st.booleans())
def test_every_word_is_printed_whole(rows: list[tuple[str, str, str]], width: int, below: bool) -> None:
    place = {"below": ("more",)} if below else {}
    lines = list(layout(("name", "text", "more"), rows, width=width, text=("text",), **place))
    printed = [word for line in lines for word in line.split()]
    for row in rows:
        for word in " ".join(row).split():
            assert word in printed
    assert all(line == line.rstrip() for line in lines)


def test_wide_characters_take_two_columns() -> None:
    _, first, second = layout(("name", "n"), [("日本", "1"), ("ab", "2")], width=80)
    assert cell_len(first) == cell_len(second)
