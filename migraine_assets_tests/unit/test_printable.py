import pytest

from migraine_assets.printable import markdown, one_line, printable


@pytest.mark.parametrize(("text", "shown"), [
    ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
    ("\x9b31m \x07 \x00", "\\x9b31m \\x07 \\x00"),
    ("a\u202ecsv", "a\\u202ecsv"),
    ("\ud800", "\\ud800"),
    ("column\twith\ntext: Kopfschmerz, Мигрень, 頭痛, 🙂", "column\twith\ntext: Kopfschmerz, Мигрень, 頭痛, 🙂"),
])  # fmt: skip
def test_control_characters_become_visible(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_one_line_has_no_line_breaks() -> None:
    assert one_line("a\n b\r\nc") == "a b\\r c"


@pytest.mark.parametrize("text", ["![x](http://a/b.png)", "<img src=x>", "[a](b)", "`code`", "# title", "a | b"])
def test_markdown_shows_markup_literally(text: str) -> None:
    shown = markdown(text)
    assert "".join(shown.split("\\")) == text
    assert not any(mark in shown.replace(f"\\{mark}", "") for mark in "[]<>`#|!")
