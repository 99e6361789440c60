"""The dialect of a CSV text: its delimiter, its records, and the physical line on which each begins.

Works on whole buffers. Not here: building a sheet (`sources.files.csv_reader`).
"""

import csv
import io
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DELIMITERS: tuple[str, ...] = (",", ";", "\t", "|")

_QUOTE, _NEWLINE, _RETURN = ord('"'), ord("\n"), ord("\r")
_SAMPLE_BYTES = 65_536
_SAMPLE_RECORDS = 50
# Below a title, at least the share `_EVEN` of the lines, and at least `_MIN_TABLE`, have the same number of fields.
_EVEN, _MIN_TABLE, _MAX_TITLES, _TITLE_SAMPLE = 0.9, 10, 15, 200


@dataclass(frozen=True)
class Records:
    """The records of a text; all arrays have shape (records,).

    `start`, `end`: byte offsets, without the newline. `fields`: number of fields. `line`: physical line (1-based) on
    which the record begins. `blank`: whether it has only delimiters. `open`: whether it ends in a delimiter.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    fields: NDArray[np.int64]
    line: NDArray[np.int64]
    blank: NDArray[np.bool_]
    open: NDArray[np.bool_]


def preamble(body: bytes) -> tuple[int, str | None]:
    """Return the number of bytes before the header (blank lines, `#` comments, Excel's `sep=`), and its delimiter."""
    position, stated = 0, None
    while position < len(body):
        end = body.find(b"\n", position)
        end = len(body) if end < 0 else end
        line = body[position:end].strip()
        if line[:4].lower() == b"sep=" and len(line) >= 4:
            stated = line[4:5].decode("latin-1") or "\t"
        elif line and (not line.startswith(b"#") or line[1:2] in (b",", b";", b"\t")):
            # A column may be called '#'.
            break
        position = end + 1
    return min(position, len(body)), stated


def line_start(body: bytes, number: int) -> int:
    """Return the offset of the line after the first `number` lines."""
    position = 0
    for _ in range(number):
        end = body.find(b"\n", position)
        if end < 0:
            return len(body)
        position = end + 1
    return position


def title_lines(body: bytes) -> int:
    """Return the number of lines above the header of `body`, such as a title and the date of an export.

    Each has at most half as many fields as nearly all of the lines below.
    """
    lines = body[:_SAMPLE_BYTES].decode("utf-8", "replace").splitlines()[:_TITLE_SAMPLE]
    for candidate in DELIMITERS:
        counts = [line.count(candidate) + 1 if line.strip() else 0 for line in lines]
        usual, frequency = Counter(counts).most_common(1)[0] if counts else (0, 0)
        first = next((index for index, count in enumerate(counts) if count == usual), 0)
        above = counts[:first]
        even = frequency >= max(_MIN_TABLE, _EVEN * (len(counts) - first))
        if usual >= 3 and 0 < first <= _MAX_TITLES and even:
            return first if all(count <= usual / 2 for count in above) else 0
    return 0


def delimiter(body: bytes) -> str:
    """Return the delimiter that divides the records of `body` most evenly; `body` begins with the header.

    For a text without any delimiter, which has a single column, the result is a comma.
    """
    cut = body.rfind(b"\n", 0, _SAMPLE_BYTES) if len(body) > _SAMPLE_BYTES else len(body)
    text = body[: cut if cut > 0 else len(body)].decode("utf-8", "replace")
    scores = {candidate: _evenness(text, candidate) for candidate in DELIMITERS}
    return max(DELIMITERS, key=lambda candidate: scores[candidate])


def _evenness(text: str, candidate: str) -> tuple[float, int]:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=candidate)
    counts: list[int] = []
    try:
        for row in rows:
            counts += [len(row)] if row else []
            if len(counts) == _SAMPLE_RECORDS:
                break
    except csv.Error:
        return 0.0, 0
    if not counts or counts[0] < 2:
        return 0.0, 0
    return sum(count == counts[0] for count in counts) / len(counts), counts[0]


def has_stray_quotes(body: bytes, separator: str) -> bool:
    """Return whether a quote occurs inside a field, so that records cannot be located by counting quotes."""
    if b'"' not in body:
        return False
    buffer = np.frombuffer(body, np.uint8)
    quotes = np.flatnonzero(buffer == _QUOTE)
    allowed = np.array([ord(separator), _NEWLINE, _RETURN, _QUOTE], np.uint8)
    opening, closing = quotes[0::2], quotes[1::2]
    before = buffer[np.maximum(opening - 1, 0)][opening > 0]
    after = buffer[np.minimum(closing + 1, buffer.size - 1)]
    return bool(quotes.size % 2 or not np.isin(before, allowed).all() or not np.isin(after, allowed).all())


def records(body: bytes, separator: str) -> Records:
    """Locate the records of `body`, which has no stray quotes."""
    buffer = np.frombuffer(body, np.uint8)
    newline, divider = buffer == _NEWLINE, buffer == ord(separator)
    quoted = b'"' in body
    breaks = np.flatnonzero(newline) if quoted else None
    if quoted:
        # Overflow preserves parity, so an 8-bit running count suffices.
        outside = (np.cumsum(buffer == _QUOTE, dtype=np.uint8) & 1) == 0
        newline, divider = newline & outside, divider & outside
    end = np.flatnonzero(newline)
    if buffer.size and not newline[-1]:
        end = np.append(end, buffer.size)
    start = np.append(0, end[:-1] + 1)
    dividers = np.add.reduceat(divider, start, dtype=np.int64)
    returns = (end > start) & (buffer[np.maximum(end - 1, 0)] == _RETURN)
    blank = dividers == end - start - returns
    last = buffer[np.maximum(end - 1 - returns, 0)]
    # Without quotes, every record is one line.
    line = np.arange(1, len(start) + 1) if breaks is None else 1 + np.searchsorted(breaks, start)
    return Records(start, end, dividers + 1, line, blank, last == ord(separator))


def without(body: bytes, located: Records, drop: NDArray[np.bool_]) -> bytes:
    """Return `body` without the records marked in `drop`."""
    if not drop.any():
        return body
    lengths = np.diff(np.append(located.start, len(body)))
    remaining: bytes = np.frombuffer(body, np.uint8)[np.repeat(~drop, lengths)].tobytes()
    return remaining
