"""Escaping of untrusted text for printing: column names, cells and file names of a delivery.

Every terminal, log and page that shows such text uses these functions. Not here: the console (`cli.console`), HTML (the
templates of `report` escape it).
"""

import re

# C0 and C1 control characters (which begin escape sequences), lone surrogates, marks that change the text direction.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|!#~&$])")


def printable(text: str) -> str:
    """Escape every control character in `text` except tab and newline, for example as `\\x1b`."""
    return _UNSAFE.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def one_line(text: str) -> str:
    """Return `text` printable and on a single line."""
    return " ".join(printable(text).split())


def markdown(text: str) -> str:
    """Return `text` on a single line, escaped so that Markdown shows it literally."""
    return _MARKDOWN.sub(r"\\\1", one_line(text))
