"""Conversion of the bytes of a file to UTF-8 text: decompression, encodings, and detection of binary files.

Not here: delimiters and rows (`sources.files.csv_dialect`).
"""

import codecs
import gzip
import io
import zlib
from dataclasses import dataclass

from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.limits import DEFAULT, MIB, SourceLimits, exceeded

GZIP_MAGIC = b"\x1f\x8b"
PARQUET_MAGIC = b"PAR1"


@dataclass(frozen=True)
class Magic:
    """The first bytes of a file type that is not a text table, what to call it, and the remedy."""

    start: bytes
    what: str
    remedy: str = "Export it as CSV or Parquet"


MAGICS: tuple[Magic, ...] = (
    Magic(b"%PDF", "a PDF document"),
    Magic(b"\x89PNG", "a picture"),
    Magic(b"\xff\xd8\xff", "a picture"),
    Magic(b"SQLite format 3", "a SQLite database"),
    Magic(b"$FL2", "an SPSS file"),
    Magic(b"\x7fELF", "a program"),
    Magic(b"BZh", "compressed with bzip2", "Use gzip, or unpack it"),
    Magic(b"\xfd7zXZ", "compressed with xz", "Use gzip, or unpack it"),
    Magic(b"\x28\xb5\x2f\xfd", "compressed with zstd", "Use gzip, or unpack it"),
)

# The UTF-32 byte order mark begins with that of UTF-16, so it is checked first.
_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_SAMPLE = 65_536
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r\x0b\x0c\x1a\x1b")
_CONTROL_SHARE = 0.002

# Small files with many identical lines compress well and are harmless, so their expansion is not limited.
_EXPANSION_FREE = 16 * MIB


def uncompressed(name: str, content: bytes, *, limits: SourceLimits = DEFAULT) -> bytes:
    """Decompress `content` if it is gzip.

    Raises `DataRefused` for a damaged file, and as soon as the expanded part exceeds `limits`.
    """
    if not content.startswith(GZIP_MAGIC):
        return content
    compressed = io.BytesIO(content)
    parts: list[bytes] = []
    size = 0
    try:
        with gzip.GzipFile(fileobj=compressed) as file:
            while part := file.read(MIB):
                parts.append(part)
                size += len(part)
                if size > limits.expanded_mib * MIB:
                    raise exceeded(
                        name, f"expands to more than {limits.expanded_mib:,} MiB", "expanded_mib", limits.expanded_mib
                    )
                if size > _EXPANSION_FREE and size > limits.expansion * compressed.tell():
                    raise exceeded(
                        name, f"expands to more than {limits.expansion:,} times its size", "expansion", limits.expansion
                    )
    except (OSError, EOFError, zlib.error) as error:
        raise DataRefused(f"{name} is a damaged gzip file ({error}). Copy it again.") from error
    return b"".join(parts)


def utf8(name: str, content: bytes, *, stated: str | None = None) -> tuple[bytes, str | None]:
    """Return `content` as UTF-8 with `\\n` or `\\r\\n` line ends, and a note on a guessed encoding.

    The encoding is `stated`, or else that of a byte order mark, or else UTF-16 if zero bytes alternate, or else UTF-8
    if that is valid, or else Windows-1252, which includes ISO 8859-1. Raises `DataRefused` for a binary file and names
    its type.
    """
    _refuse_known_binary(name, content)
    encoding = stated or _encoding(name, content)
    if encoding is None:
        _refuse_controls(name, content)
        return _line_ends(content), None
    try:
        text = content.decode(encoding)
    except UnicodeError as error:
        if stated:
            raise DataRefused(f"{name} is not in the stated encoding {stated}: {error}.") from error
        raise _not_text(name) from error
    converted = text.encode()
    _refuse_controls(name, converted)
    guessed = not stated and encoding not in {mark for _, mark in _MARKS}
    note = f"{name} was read as {encoding}. If letters are wrong, state 'encoding' in the mapping."
    return _line_ends(converted), note if guessed else None


def _encoding(name: str, content: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding
    if b"\0" in content[:_SAMPLE]:
        return _unmarked_utf16(name, content[:_SAMPLE])
    return None if _is_utf8(content) else "cp1252"


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _unmarked_utf16(name: str, sample: bytes) -> str:
    # Western text in UTF-16 has a zero in nearly every second byte, and only there.
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if max(even, odd) < len(sample) // 5 or min(even, odd) > len(sample) // 50:
        raise _not_text(name)
    return "utf-16-le" if odd > even else "utf-16-be"


def _line_ends(content: bytes) -> bytes:
    # A lone carriage return ends a line on old Macs, and for Arrow.
    if content.count(b"\r") == content.count(b"\r\n"):
        return content
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _refuse_known_binary(name: str, content: bytes) -> None:
    for magic in MAGICS:
        if content.startswith(magic.start):
            raise DataRefused(f"{name} is not a CSV file but {magic.what}. {magic.remedy}.")


def _refuse_controls(name: str, content: bytes) -> None:
    sample = content[:_SAMPLE]
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    if controls > _CONTROL_SHARE * len(sample):
        raise _not_text(name)


def _not_text(name: str) -> DataRefused:
    return DataRefused(f"{name} is a binary file, not a table of text. Export the diary as CSV or Parquet.")
