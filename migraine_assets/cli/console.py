"""Terminal output of the command: results go to standard output, progress and errors to standard error.

Text wraps at words. A word such as an id or a path is never cut, so that it can be copied whole. Output to a file or a
pipe is not wrapped. Not here: what the commands print (`cli.commands`), the layout of tables (`cli.tables`), the
documents that `--json` prints (`cli.documents`).
"""

import datetime as dt
import os
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.text import Text

from migraine_assets.cli.documents.base import CommandDocument
from migraine_assets.cli.tables import layout, wrap
from migraine_assets.printable import printable

# Width of a file or a pipe: nothing is wrapped there, so that each row of a table is one line for `grep` and `awk`.
PIPE_WIDTH = 1_000_000

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document (docs/cli.md) instead of text.")]


@cache
def out() -> Console:
    """Return the console for results."""
    return Console(highlight=False, emoji=False)


@cache
def err() -> Console:
    """Return the console for progress and errors."""
    return Console(stderr=True, highlight=False, emoji=False)


def width(console: Console) -> int:
    """Return the columns of `console`: of the terminal, or those that the variable COLUMNS sets."""
    configured = os.environ.get("COLUMNS", "")
    if configured.isdigit() and int(configured):
        return int(configured)
    return console.width if console.is_terminal else PIPE_WIDTH


def literal(text: str) -> str:
    """Return `text` as markup that prints literally, without control characters."""
    return escape(printable(text))


def say(text: str, *, label: str = "", style: str = "") -> None:
    """Print a line to standard output: no markup, no control characters. `label`: its beginning, in `style`."""
    _print(out(), text, label=label, label_style=style)


def note(text: str) -> None:
    """Print a line about progress to standard error: no markup, no control characters."""
    _print(err(), text, style="dim")


def print_error(text: str, *, hint: str = "") -> None:
    """Print an error message, and a hint on a line of its own."""
    _print(err(), text, label="Error:", label_style="bold red")
    if hint:
        _print(err(), hint, style="dim")


def show(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Sequence[str] = (),
    text: Sequence[str] = (),
    below: Sequence[str] = (),
) -> None:
    """Print a table. Columns in `right` are right-aligned; those in `text` wrap at words; those in `below` are printed
    on lines of their own under each row. All other cells stay on one line.
    """
    console = out()
    cells = [[printable(cell) for cell in row] for row in rows]
    table = layout(columns, cells, width=width(console), right=right, text=text, below=below)
    console.print(Text(title, style="bold"), soft_wrap=True)
    for position, line in enumerate(table):
        console.print(Text(line, style="" if position else "dim"), soft_wrap=True)


def print_json(document: CommandDocument) -> None:
    """Print `document`, and nothing else, to standard output."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")
    sys.stdout.flush()


def link(path: Path) -> str:
    """Return `path` as markup: a link if the terminal supports links, else the plain path."""
    return f"[link={path.as_uri()}]{literal(str(path))}[/link]"


def say_path(label: str, path: Path) -> None:
    """Print `label` and a link to `path`, which stays whole on its line."""
    out().print(f"{literal(label)}{link(path)}", soft_wrap=True)


def local_time(when: str | dt.datetime) -> str:
    """Return a time to the minute in the local time zone. `when`: ISO 8601, or a time with a zone."""
    moment = dt.datetime.fromisoformat(when) if isinstance(when, str) else when
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def _print(console: Console, text: str, *, label: str = "", label_style: str = "", style: str = "") -> None:
    for line in wrap(f"{label} {text}" if label else text, width(console)):
        shown = Text(printable(line), style=style)
        if label:
            shown.stylize(label_style, 0, len(label))
            label = ""
        console.print(shown, soft_wrap=True)
