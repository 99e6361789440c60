"""What the command prints: results to standard output, progress and complaints to standard error."""

import os
from collections.abc import Iterable, Sequence
from functools import cache

from rich.console import Console
from rich.markup import escape
from rich.table import Table

UNSEEN_WIDTH = 160


@cache
def out() -> Console:
    """For results. Where nobody sees the screen a narrow table would only break words."""
    console = Console(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = UNSEEN_WIDTH
    return console


@cache
def err() -> Console:
    """For progress and complaints."""
    return Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """A line of result, without markup."""
    out().print(escape(text), soft_wrap=True)


def complain(text: str, *, hint: str = "") -> None:
    """A sentence about what is wrong, and a hint on a line of its own."""
    err().print(f"[bold red]Error:[/] {escape(text)}", soft_wrap=True)
    if hint:
        err().print(escape(hint), style="dim", soft_wrap=True)


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[str] = ()) -> None:
    """A table; the columns named in `right` are aligned to the right."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for name in columns:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    out().print(table)
