"""Removal of a participant's name from text: JSON documents of Dagster and MLflow, logs and pages.

Earlier versions wrote diary rows into the metadata of assets, and names into notes, checks and messages. Not here: the
places of such text (`stores.record_erasure`).
"""

import json
import re
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

ERASED = "[erased]"
# Values of these keys link records and are never a participant.
_STRUCTURE = re.compile(r"(^|_)(key|name|id|uuid|type|status|class__|enum__|label|version|mode|hash)$")
ROW = "TableRecord"


@dataclass(frozen=True)
class Redactor:
    """A redactor that finds and removes `name`, the id of a participant, as a separate word.

    A number or a single character is only removed in quotes and as a whole cell, because it is frequent in text.
    """

    name: str

    @cached_property
    def spellings(self) -> tuple[str, ...]:
        """The forms of the name in text, in a JSON string, and in JSON within a JSON string."""
        escaped = json.dumps(self.name)[1:-1]
        return tuple(dict.fromkeys((self.name, escaped, json.dumps(escaped)[1:-1])))

    @cached_property
    def _word(self) -> re.Pattern[str]:
        name = "|".join(map(re.escape, self.spellings))
        if self.name.isdigit() or len(self.name) == 1:
            return re.compile(rf"(?<=['\"‘“])(?:{name})(?=\\*['\"’”])")
        return re.compile(rf"(?<![\w-])(?:{name})(?![\w-])")

    def occurs_in(self, text: str) -> bool:
        """Return whether `text` contains the name."""
        return self._word.search(text) is not None

    def clean(self, text: str) -> str:
        """Return the text without the name. In Dagster's metadata, whole table rows that contain it are removed."""
        if not any(spelling in text for spelling in self.spellings):
            return text
        if text[:1] in "{[":
            try:
                document = json.loads(text)
            except ValueError:
                return self._word.sub(ERASED, text)
            changed = self._clean(document)
            return text if changed == document else json.dumps(changed)
        return self._word.sub(ERASED, text)

    def clean_bytes(self, content: bytes) -> bytes:
        """Clean bytes, which are UTF-8 text or compressed by zlib. Other bytes are returned unchanged."""
        try:
            compressed, before = True, zlib.decompress(content).decode()
        except (zlib.error, UnicodeDecodeError):
            compressed, before = False, ""
        try:
            before = before if compressed else content.decode()
        except UnicodeDecodeError:
            return content
        if (after := self.clean(before)) == before:
            return content
        return zlib.compress(after.encode()) if compressed else after.encode()

    def _clean(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: each if _connects(key, each) else self._clean(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._clean(each) for each in value if not self._is_row(each)]
        if isinstance(value, str):
            return ERASED if value == self.name else self.clean(value)
        return value

    def _is_row(self, value: Any) -> bool:
        """Return whether `value` is a row of a table in Dagster's metadata with the name in a cell."""
        if not isinstance(value, dict) or value.get("__class__") != ROW:
            return False
        cells = [str(cell) for cell in (value.get("data") or {}).values()]
        return any(cell == self.name or self.occurs_in(cell) for cell in cells)


def _connects(key: str, value: Any) -> bool:
    # The path of an asset key is a list; the path of a file is a string.
    return (isinstance(value, str) and _STRUCTURE.search(key) is not None) or (
        key == "path" and isinstance(value, list)
    )
