"""Terminal output of the command: results go to standard output, progress and errors to standard error."""

import os
from collections.abc import Iterable, Sequence
from functools import cache

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from migraine_assets.printable import printable

# Columns of output that goes to a file or a pipe, where a narrow table would only break words.
PIPE_WIDTH = 160


@cache
def out() -> Console:
    """Return the console for results."""
    console = Console(highlight=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = PIPE_WIDTH
    return console


@cache
def err() -> Console:
    """Return the console for progress and errors."""
    return Console(stderr=True, highlight=False, emoji=False)


def say(text: str) -> None:
    """Print a line to standard output: no markup, no emoji codes, no control characters."""
    out().print(Text(printable(text)), soft_wrap=True)


def literal(text: str) -> str:
    """Return `text` as markup that prints as it is, without control characters."""
    return escape(printable(text))


def print_error(text: str, *, hint: str = "") -> None:
    """Print an error message, and a hint on a line of its own."""
    err().print(f"[bold red]Error:[/] {literal(text)}", soft_wrap=True)
    if hint:
        err().print(literal(hint), style="dim", soft_wrap=True)


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[str] = ()) -> None:
    """Print a table; the columns named in `right` are right-aligned."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for name in columns:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    out().print(table)
