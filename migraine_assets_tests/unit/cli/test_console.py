"""Messages wrap at words on a terminal, links open there, and times are local and short."""

import os
import pty
import re
import struct
import subprocess
import sys
import termios
from fcntl import ioctl

import pytest
from rich.console import Console

from migraine_assets.cli.console import literal, local_time, say, show
from migraine_assets_tests.support.homes import COMMAND, Home

LINK = re.compile(r"\x1b\]8;[^;]*;(file://[^\x1b]+)\x1b\\(.*?)\x1b\]8;;\x1b\\")
ESCAPES = re.compile(r"\x1b\]8;[^\x1b]*\x1b\\|\x1b\[[0-9;?]*[A-Za-z]")


def on_terminal(home: Home, *arguments: str, term: str = "xterm-256color") -> tuple[int, str]:
    """Run the command on a terminal of 80 columns; return its exit code and everything on the screen."""
    screen, terminal = pty.openpty()
    ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = home.environment({"TERM": term})
    process = subprocess.Popen(
        [*COMMAND, *arguments], env=environment, stdin=terminal, stdout=terminal, stderr=terminal
    )
    os.close(terminal)
    content = b""
    try:
        # The system reports the end as an error once the last process has closed the terminal.
        while part := os.read(screen, 65536):
            content += part
    except OSError:
        pass
    finally:
        os.close(screen)
    return process.wait(), content.decode().replace("\r\n", "\n")


def test_a_report_fits_into_a_terminal_and_its_path_is_a_link(trained_home: Home) -> None:
    code, screen = on_terminal(trained_home, "report")
    assert code == 0, screen
    links = {path: address for address, path in LINK.findall(screen)}
    page = next(path for path in links if path.endswith("index.html"))
    assert links[page] == f"file://{page}"
    plain = ESCAPES.sub("", screen)
    assert [line for line in plain.splitlines() if len(line) > 80 and " " in line.strip()[13:]] == []
    assert re.search(r"^logistic_regression +0\.\d{3} 0\.\d\d-0\.\d\d ", plain, re.MULTILINE)


def test_an_error_wraps_at_words_and_a_simple_terminal_gets_no_escapes(home: Home) -> None:
    code, screen = on_terminal(home, "validate", "/nowhere/diary.csv", term="dumb")
    assert code == 2
    assert "\x1b" not in screen
    assert screen.startswith("Error: There is no file or folder '/nowhere/diary.csv'. ")
    assert all(len(line) <= 80 for line in screen.splitlines())


def test_a_time_is_local_and_short() -> None:
    code = "from migraine_assets.cli.console import local_time; print(local_time('2026-01-31T23:30:00.123456+00:00'))"
    shown = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"TZ": "CET-1"}, capture_output=True, text=True, check=True
    )
    assert shown.stdout == "2026-02-01 00:30\n"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", local_time("2026-01-31T23:30:00+00:00"))


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
