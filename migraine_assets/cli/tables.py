"""The layout of tables and paragraphs as lines of text, without cutting a word.

Not here: printing them (`cli.console`).
"""

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len

GAP = 2
INDENT = 4
# A column of text that would be narrower than this is printed under its row.
NARROWEST_TEXT = 24


def wrap(text: str, width: int, *, indent: str = "", first: str | None = None) -> list[str]:
    """Return the lines of `text`, at most `width` columns wide unless a single word is wider.

    Every line but the first begins with `indent`, the first with `first` (default: `indent`). Line breaks are kept.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        start = indent if lines or first is None else first
        lines += textwrap.wrap(
            paragraph,
            width,
            initial_indent=start,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [start.rstrip()]
    return lines


def layout(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    width: int,
    right: Sequence[str] = (),
    text: Sequence[str] = (),
    below: Sequence[str] = (),
) -> Iterator[str]:
    """Yield the lines of a table, the header first; see `cli.console.show` for the arguments.

    A column of text gets the width that the other columns leave. If that is too little, it is printed below its row.
    """
    cells = [list(row) for row in rows]
    widths = [max(cell_len(line) for line in column) for column in zip(columns, *cells, strict=True)]
    across = [index for index, name in enumerate(columns) if name not in below]
    texts = [index for index in across if columns[index] in text]
    room = width - sum(widths[index] + GAP for index in across if index not in texts) + GAP
    share = room // len(texts) - GAP if texts else 0
    if texts and share < min(NARROWEST_TEXT, max(widths[index] for index in texts)):
        across = [index for index in across if index not in texts]
    elif texts:
        for index in texts:
            # A wider word is rare, and in the last column it does not shift others.
            widths[index] = min(share, widths[index])
    lower = [index for index in range(len(columns)) if index not in across]
    yield from _row(columns, across, widths, right={name for name in columns if name in right}, columns=columns)
    label = max((cell_len(columns[index]) for index in lower), default=0)
    for row in cells:
        yield from _row(row, across, widths, right=set(right), columns=columns)
        for index in lower:
            if row[index]:
                first = f"{'':{INDENT}}{columns[index]:<{label}}{'':{GAP}}"
                yield from wrap(row[index], width, first=first, indent=" " * len(first))


def _row(
    row: Sequence[str], across: Sequence[int], widths: Sequence[int], *, right: set[str], columns: Sequence[str]
) -> Iterator[str]:
    parts = [wrap(row[index], widths[index]) for index in across]
    for number in range(max(map(len, parts))):
        line = ""
        for index, part in zip(across, parts, strict=True):
            cell = part[number] if number < len(part) else ""
            space = " " * max(0, widths[index] - cell_len(cell))
            line += (space + cell if columns[index] in right else cell + space) + " " * GAP
        yield line.rstrip()
