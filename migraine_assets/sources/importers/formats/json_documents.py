"""JSON: a list of records, one record per line, or records by date.

Not here: FHIR bundles (`sources.importers.formats.fhir`), the HTML page of Migraine Log
(`sources.importers.formats.migraine_log`).
"""

import json
import re
from typing import Any

from migraine_assets.errors import DataRefused
from migraine_assets.sources.files.limits import SourceLimits
from migraine_assets.sources.files.sheet import Sheet
from migraine_assets.sources.importers.importer import NoDiary, Reader
from migraine_assets.sources.importers.sheets import cell_text, sheet_of_rows

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _is_json(content: bytes) -> bool:
    start = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith((b"{", b"[{", b"[\n", b"[ ", b"[\r"))


def read_json(name: str, content: bytes, _: SourceLimits) -> Sheet:
    """Return the records of a JSON document. Raises `DataRefused` if it has none."""
    text = content.decode("utf-8-sig", errors="strict") if _is_utf8(content) else None
    if text is None:
        raise DataRefused(f"{name} is JSON, but not in UTF-8. Export it again.")
    try:
        return _sheet(name, [json.loads(text)])
    except json.JSONDecodeError as error:
        first, lines = error, text.splitlines()
    except RecursionError:
        raise DataRefused(f"{name} is nested too deeply to be a diary.") from None
    return _sheet(name, [_line(name, number, line, first) for number, line in enumerate(lines, 1) if line.strip()])


def _line(name: str, number: int, line: str, first: json.JSONDecodeError) -> Any:
    try:
        return json.loads(line)
    except (json.JSONDecodeError, RecursionError):
        # The document is not one record per line either, so the first error describes it best.
        where = f"line {first.lineno}" if number == 1 else f"line {number}"
        raise DataRefused(f"{name} {where} is not valid JSON ({first.msg}). Export it again.") from None


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _sheet(name: str, documents: list[Any]) -> Sheet:
    records = documents if len(documents) > 1 else _records(documents[0])
    rows = [record for record in records if isinstance(record, dict)]
    if not rows or len(rows) < len(records):
        raise NoDiary(
            f"{name} is JSON without a list of diary days. Export a list of records, each with a date and an outcome."
        )
    texts = [{str(key): cell_text(value) for key, value in row.items()} for row in rows]
    return sheet_of_rows(name, texts)


def _records(document: Any) -> list[Any]:
    """Return the longest list of records in `document`: the document itself, a nested value, or its values by date."""
    if isinstance(document, list):
        return document
    if not isinstance(document, dict):
        return []
    if document and all(_DAY.fullmatch(key) and isinstance(value, dict) for key, value in document.items()):
        return [{"date": key, **value} for key, value in document.items()]
    nested = {str(key): _records(value) for key, value in document.items() if isinstance(value, list | dict)}
    lists = {key: records for key, records in nested.items() if any(isinstance(record, dict) for record in records)}
    if len(lists) > 1 and _alike(list(lists.values())):
        # One list for each participant.
        return [{"participant_id": key, **record} for key, records in lists.items() for record in records]
    return max(lists.values(), key=len, default=[])


def _alike(lists: list[list[Any]]) -> bool:
    """Return whether all lists contain records with the same keys, none of which is a participant."""
    keys = [{key for record in records if isinstance(record, dict) for key in record} for records in lists]
    return all(names == keys[0] for names in keys) and not any("participant" in name.casefold() for name in keys[0])


JSON = Reader("json", "JSON: a list of records, records by date, or one record per line.", _is_json, read_json)
