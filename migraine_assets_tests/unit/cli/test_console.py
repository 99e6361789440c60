import pytest
from rich.console import Console

from migraine_assets.cli.console import literal, say, show

HOSTILE = "[red]column[/] :x: \\[bold] \x1b]0;title\x07\x1b[2J"
SHOWN = "[red]column[/] :x: \\[bold] \\x1b]0;title\\x07\\x1b[2J"


def test_text_of_others_is_printed_literally(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(emoji=False, width=200)
    console.print(f"[bold]{literal(HOSTILE)}[/]")
    assert capsys.readouterr().out.strip() == SHOWN


def test_a_table_interprets_no_cell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("migraine_assets.cli.console.out", lambda: Console(emoji=False, width=200))
    show("Title", ("a",), [(HOSTILE,)])
    say(HOSTILE)
    printed = capsys.readouterr().out
    assert printed.count(SHOWN) == 2
    assert "\x1b" not in printed
