"""The append-only log of accepted deliveries, with their time, source, files and row counts.

    deliveries/numbers/000001           reserves a number, so that no two entries share one
    deliveries/log/000001-<md5>.json    the entry of an accepted delivery

Not here: the files of deliveries (`stores.assets.delivery_files`), the clock (callers pass the time).
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from migraine_assets.errors import DataRefused, StoreError
from migraine_assets.stores.documents import UNREADABLE, unless_damaged
from migraine_assets.stores.store import Store

if TYPE_CHECKING:  # It needs pandas, which the service does not load.
    from migraine_assets.core.diary.profile import Profile

FORMAT = 1

_LOG, _NUMBERS = "deliveries/log", "deliveries/numbers"
_NUMBER = re.compile(r"\d{6,}")


@dataclass(frozen=True)
class KeptFile:
    """A file of a logged delivery; its content is stored under `md5`."""

    name: str
    md5: str
    size: int


@dataclass(frozen=True)
class Acceptance:
    """One accepted delivery.

    `time`: ISO 8601. `md5`: the hash that DVC records. `accepted`, `quarantined`: numbers of rows. `mapping`: text of
    the mapping file; `mapping_sha256` is its hash. `profile`: for comparison with the next delivery. `data_version`: as
    recorded by the run.
    """

    time: str
    source: str
    description: str
    md5: str
    files: tuple[KeptFile, ...]
    accepted: int
    quarantined: int
    data_version: str
    mapping: str | None
    mapping_sha256: str | None
    profile: Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """An entry of the log. Numbers start at 1."""

    number: int
    acceptance: Acceptance


class _Header(msgspec.Struct):
    format: int
    number: int


def record(
    store: Store,
    files: Sequence[KeptFile],
    *,
    time: str,
    source: str,
    description: str,
    identity: str,
    accepted: int,
    quarantined: int,
    mapping: str | None,
    profile: Mapping[str, Any],
    data_version: str,
) -> Entry:
    """Append an accepted delivery to the log, with a unique number.

    If the latest entry has the same source, content, mapping and data version, it is returned and nothing is written.
    """
    acceptance = Acceptance(
        time, source, description, identity, tuple(files), accepted, quarantined, data_version, mapping,
        None if mapping is None else hashlib.sha256(mapping.encode()).hexdigest(), profile,
    )  # fmt: skip
    last = latest(store, damaged=[])
    if last is not None and _same(last.acceptance, acceptance):
        return last
    number = _reserve_number(store, identity)
    document = {"format": FORMAT, "number": number, **asdict(acceptance)}
    store.write(f"{_LOG}/{_leaf(number, identity)}", json.dumps(document, indent=1, sort_keys=True).encode())
    return Entry(number, acceptance)


def previous_profile(store: Store, md5: str) -> "Profile | None":
    """Return the profile of the last accepted delivery other than `md5`; None if there is none.

    Damaged entries are skipped: `migraine doctor` names them, and they need not stop a new delivery.
    """
    others = [entry for entry in read_log(store, damaged=[]) if entry.acceptance.md5 != md5]
    if not others:
        return None
    from migraine_assets.core.diary.profile import from_json

    return from_json(json.dumps(dict(others[-1].acceptance.profile)))


def read_log(store: Store, *, damaged: list[str] | None = None) -> tuple[Entry, ...]:
    """Return all accepted deliveries, oldest first.

    A damaged entry raises `StoreError`. If `damaged` is a list, the message is appended to it and the entry is skipped.
    """
    leaves = [leaf for leaf in store.list(_LOG) if leaf.endswith(".json")]
    entries = (unless_damaged(partial(_read, store, leaf), damaged) for leaf in leaves)
    return tuple(entry for entry in entries if entry is not None)


def latest(store: Store, *, damaged: list[str] | None = None) -> Entry | None:
    """Return the delivery that was accepted last; None in a new store. `damaged`: see `read_log`."""
    leaves = [leaf for leaf in store.list(_LOG) if leaf.endswith(".json")]
    entries = (unless_damaged(partial(_read, store, leaf), damaged) for leaf in reversed(leaves))
    return next((entry for entry in entries if entry is not None), None)


def find(store: Store, version: str) -> Entry:
    """Return the latest entry with an MD5 or data version that starts with `version`.

    Raises `DataRefused`, which lists the known versions, if there is none or `version` is ambiguous.
    """
    damaged: list[str] = []
    entries = read_log(store, damaged=damaged)
    matches = [entry for entry in entries if version and _matches(entry.acceptance, version)]
    if len({entry.acceptance.md5 for entry in matches}) == 1:
        return matches[-1]
    known = ", ".join(dict.fromkeys(entry.acceptance.md5 for entry in matches or entries)) or "none"
    problem = "is ambiguous" if matches else "is not the version of an accepted delivery"
    raise DataRefused(" ".join((f"'{version}' {problem}. Known versions: {known}.", *damaged)))


def _leaf(number: int, identity: str) -> str:
    return f"{number:06d}-{identity}.json"


def _reserve_number(store: Store, identity: str) -> int:
    leaves = [leaf for folder in (_NUMBERS, _LOG) for leaf in store.list(folder)]
    numbers = [int(match[0]) for leaf in leaves if (match := _NUMBER.match(leaf))]
    number = max(numbers, default=0) + 1
    while not store.create(f"{_NUMBERS}/{number:06d}", identity.encode()):
        number += 1
    return number


def _same(one: Acceptance, other: Acceptance) -> bool:
    names = ("source", "md5", "mapping", "data_version")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def _matches(acceptance: Acceptance, version: str) -> bool:
    return acceptance.md5.startswith(version) or acceptance.data_version.startswith(version)


def _read(store: Store, leaf: str) -> Entry:
    content = store.read(f"{_LOG}/{leaf}")
    try:
        header = msgspec.json.decode(content, type=_Header)
        if header.format != FORMAT:
            raise StoreError(f"{_LOG}/{leaf} has format {header.format}; this version reads {FORMAT}. Upgrade.")
        return Entry(header.number, msgspec.json.decode(content, type=Acceptance))
    except UNREADABLE as error:
        raise StoreError(f"{_LOG}/{leaf} in {store.uri} is damaged: {error}. Restore it from a backup.") from error
