"""Text of others made safe to print: column names, cells and file names of a delivery.

Every terminal, log and page that shows such text uses these functions. Not here: the console (`cli.console`), HTML (the
templates of `report` escape).
"""

import re

# C0 and C1 controls (escape sequences begin with one), lone surrogates, marks that reverse the writing direction.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|!#~&$])")


def printable(text: str) -> str:
    """Return `text` with every control character but tab and newline written as its escape, for example `\\x1b`."""
    return _UNSAFE.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def one_line(text: str) -> str:
    """Return `text` printable and on one line."""
    return " ".join(printable(text).split())


def markdown(text: str) -> str:
    """Return `text` as one line that Markdown shows literally: no markup, link, picture or HTML."""
    return _MARKDOWN.sub(r"\\\1", one_line(text))
