"""The languages of sentences in answers: the best one that a client accepts, and its translations.

English is in the code. The translations are gettext files `locale/LANGUAGE.po`, one for each other language. A new
language needs one more file and one entry in `Language`. Not here: the sentences (`serving.wording.sentences`), the
languages that a client accepts (`serving.api.answer_form`).
"""

import ast
import gettext
import io
import struct
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

Language = Literal["en", "de", "es", "fr"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
_LOCALE = Path(__file__).parent / "locale"


@lru_cache(maxsize=1024)
def negotiate(accepted: str) -> Language:
    """Return the best language for an `Accept-Language` value (RFC 9110, section 12.5.4), for example "de-CH,
    fr;q=0.8".
    """
    best: tuple[float, Language] = (0.0, "en")
    for item in accepted.split(","):
        tag, _, parameter = item.partition(";")
        language = tag.strip().lower().partition("-")[0]
        quality = _quality(parameter)
        if language in LANGUAGES and quality > best[0]:
            best = quality, language
    return best[1]


def _quality(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


@lru_cache(maxsize=len(LANGUAGES))
def translations(language: Language) -> gettext.NullTranslations:
    """Return the translations into `language`. They are read once; those into English change nothing."""
    if language == "en":
        return gettext.NullTranslations()
    return gettext.GNUTranslations(io.BytesIO(_compiled(catalog(language))))


def catalog(language: Language) -> dict[str, str]:
    """Return the messages of a PO file; "" is its header. Plural forms are joined by NUL, as in an MO file."""
    messages: dict[str, dict[str, str]] = {}
    entry: dict[str, str] = {}
    keyword = ""
    for line in (_LOCALE / f"{language}.po").read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if not line.startswith('"'):
            keyword, _, line = line.partition(" ")
            if keyword == "msgid":
                entry = {}
                messages[line] = entry
            entry[keyword] = ""
        entry[keyword] += ast.literal_eval(line)
    return {_joined(entry, "msgid", "msgid_plural"): _joined(entry, "msgstr", "msgstr[0]", "msgstr[1]")
            for entry in messages.values()}  # fmt: skip


def _joined(entry: dict[str, str], *keywords: str) -> str:
    return "\0".join(entry[keyword] for keyword in keywords if keyword in entry)


def _compiled(messages: dict[str, str]) -> bytes:
    """Return `messages` as an MO file, the form that `gettext` reads (GNU gettext manual, "The Format of GNU MO
    Files").
    """
    pairs = [(key.encode(), messages[key].encode()) for key in sorted(messages)]
    tables, texts = 28, 28 + 16 * len(pairs)
    content, entries = b"", {0: b"", 1: b""}
    for side in (0, 1):
        for pair in pairs:
            entries[side] += struct.pack("<2I", len(pair[side]), texts + len(content))
            content += pair[side] + b"\0"
    header = struct.pack("<7I", 0x950412DE, 0, len(pairs), tables, tables + 8 * len(pairs), 0, texts)
    return header + entries[0] + entries[1] + content
