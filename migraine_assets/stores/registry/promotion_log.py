"""The promotion records: one JSON file per decision, numbered, never changed and never deleted.

Here belong the record, its format and appending it. Not here: which bundle serves (`registry`).
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from migraine_assets.errors import StoreError
from migraine_assets.stores.store import Store

FORMAT = 1
FOLDER = "registry/promotions"
What = Literal["promote", "rollback", "refuse"]
_KINDS: tuple[What, ...] = ("promote", "rollback", "refuse")
_NAME = re.compile(r"(\d{6,})\.json")


@dataclass(frozen=True)
class Record:
    """One decision about a task: who took it, when, from which champion to which, and why.

    `previous` is the record that was in force when this one was written; `restores` is the record to which a
    rollback returns. `when` is ISO 8601 in UTC. `id` is empty until the record is appended.
    """

    task: str
    what: What
    who: str
    when: str
    why: tuple[str, ...]
    from_champion: str | None
    to_champion: str
    challenger: str | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)
    dagster_run: str | None = None
    previous: str | None = None
    restores: str | None = None
    id: str = ""


def append(store: Store, record: Record) -> Record:
    """Write `record` under the next free number and return it with that number as its id.

    Exclusive creation: whoever loses the race for a number takes the one after it.
    """
    number = max((int(name) for name in _ids(store)), default=0)
    while True:
        number += 1
        numbered = replace(record, id=f"{number:06d}")
        if store.create(_path(numbered.id), _encode(numbered)):
            return numbered


def records(store: Store) -> tuple[Record, ...]:
    """Every record, oldest first. Raises `StoreError` naming one that is damaged or of an unknown format."""
    return tuple(read(store, name) for name in sorted(_ids(store), key=int))


def read(store: Store, record_id: str) -> Record:
    """One record by its id. Raises `StoreError` where it is absent, damaged or of an unknown format."""
    path = _path(record_id)
    try:
        content = json.loads(store.read(path))
        number = content["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"'{path}' in {store.uri} is not a promotion record: {error}.") from error
    if number != FORMAT:
        raise StoreError(f"'{path}' in {store.uri} has format {number!r}; this version reads format {FORMAT}.")
    return _decode(path, content)


def _decode(path: str, content: Mapping[str, Any]) -> Record:
    try:
        if content["what"] not in _KINDS:
            raise ValueError(f"'{content['what']}' is not one of {', '.join(_KINDS)}")
        fields = {name: value for name, value in content.items() if name not in ("format", "from", "to", "why")}
        record = Record(from_champion=content["from"], to_champion=content["to"], why=tuple(content["why"]), **fields)
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"'{path}' is not a promotion record: {error}.") from error
    return record


def _encode(record: Record) -> bytes:
    content = dict(vars(record), format=FORMAT, figures=jsonable(record.figures))
    content["from"], content["to"] = content.pop("from_champion"), content.pop("to_champion")
    return json.dumps(content, indent=1, sort_keys=True, allow_nan=False).encode()


def jsonable(value: Any) -> Any:
    """`value` with every float that JSON cannot hold (NaN, infinities) turned into null."""
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _ids(store: Store) -> list[str]:
    return [match[1] for name in store.list(FOLDER) if (match := _NAME.fullmatch(name))]


def _path(record_id: str) -> str:
    return f"{FOLDER}/{record_id}.json"
