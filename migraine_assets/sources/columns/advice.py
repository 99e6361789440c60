"""Advice in the message of a refusal: a mapping in one line that the user can save as a file.

Not here: parsing a mapping (`sources.columns.mapping`).
"""

import json
from collections.abc import Mapping


def mapping_line(field: str, column: str, **keys: str) -> str:
    """Return a mapping that reads `field` from `column` with `keys` (YAML), and all other fields by name."""
    stated = "".join(f", {key}: {value}" for key, value in keys.items())
    return f"{{columns: {{{field}: {{column: {json.dumps(column, ensure_ascii=False)}{stated}}}}}, match_names: true}}"


def recoding(cells: Mapping[str, object]) -> str:
    """Return the YAML value of `recode` that maps each of `cells` to its new value."""
    return "{" + ", ".join(f"{json.dumps(cell, ensure_ascii=False)}: {new}" for cell, new in cells.items()) + "}"


def remedy(line: str) -> str:
    """Return the sentence that tells a user what to do with `line`, a mapping from `mapping_line`."""
    return f"If there is no mapping yet, save this line as one; otherwise add its parts: {line}"
