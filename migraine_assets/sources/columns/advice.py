"""The remedy in a refusal: a mapping in one line that can be saved as a file and read.

Not here: parsing a mapping (`sources.columns.mapping`).
"""

import json
from collections.abc import Mapping


def mapping_line(field: str, column: str, **keys: str) -> str:
    """Return a mapping that reads `field` from `column` with `keys` (YAML), and everything else by its name."""
    stated = "".join(f", {key}: {value}" for key, value in keys.items())
    return f"{{columns: {{{field}: {{column: {json.dumps(column, ensure_ascii=False)}{stated}}}}}, match_names: true}}"


def recoding(cells: Mapping[str, object]) -> str:
    """Return the value of the key `recode` for `cells`."""
    return "{" + ", ".join(f"{json.dumps(cell, ensure_ascii=False)}: {new}" for cell, new in cells.items()) + "}"


def remedy(line: str) -> str:
    """Return the sentence around `mapping_line`."""
    return f"If there is no mapping yet, save this line as one; otherwise add its parts: {line}"
