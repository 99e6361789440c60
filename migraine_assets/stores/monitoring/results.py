"""What monitoring found on each day: one JSON file for each kind and day, replaced whole when it is found anew.

    monitoring/results/<kind>/<day>.json    {"format", "kind", "day", "made_at", "content"}

Here belong the files. Not here: what their content means (`defs.monitoring`), who acts on it (`defs.automation`).
"""

import datetime as dt
import json
import re
from collections.abc import Mapping
from typing import Any, Literal, get_args

from migraine_assets.errors import StoreError
from migraine_assets.stores.registry.promotion_log import jsonable
from migraine_assets.stores.store import Store

FORMAT = 1
FOLDER = "monitoring/results"
Kind = Literal["drift", "realised", "estimated", "quality"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})\.json")


def write_result(store: Store, kind: Kind, day: dt.date, content: Mapping[str, Any], *, now: dt.datetime) -> None:
    """Keep what was found for the window that ends with `day`, in place of what was found for it before."""
    made_at = now.astimezone(dt.UTC).isoformat(timespec="seconds")
    document = {"format": FORMAT, "kind": kind, "day": day.isoformat(), "made_at": made_at}
    text = json.dumps({**document, "content": jsonable(content)}, indent=1, sort_keys=True, allow_nan=False)
    store.write(_path(kind, day), text.encode())


def read_result(store: Store, kind: Kind, day: dt.date) -> dict[str, Any] | None:
    """The content for `day`; None where it was never found. Raises `StoreError` where it is damaged."""
    path = _path(kind, day)
    if not store.exists(path):
        return None
    try:
        document = json.loads(store.read(path))
        number, content = document["format"], document["content"]
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"'{path}' in {store.uri} is damaged: {error}. Delete it and materialize the monitoring of {day} again."
        ) from error
    if number != FORMAT or not isinstance(content, dict):
        raise StoreError(f"'{path}' in {store.uri} has format {number!r}; this version reads format {FORMAT}.")
    return content


def result_days(store: Store, kind: Kind) -> list[dt.date]:
    """The days for which there is a result, oldest first."""
    leaves = store.list(f"{FOLDER}/{kind}")
    return [dt.date.fromisoformat(match[1]) for leaf in leaves if (match := _DAY.fullmatch(leaf))]


def latest(store: Store, kind: Kind) -> tuple[dt.date, dict[str, Any]] | None:
    """The newest day that has a result, and its content."""
    days = result_days(store, kind)
    content = read_result(store, kind, days[-1]) if days else None
    return (days[-1], content) if content is not None else None


def since(store: Store, kind: Kind, day: dt.date, task: str, *, bundle: str, status: str) -> dt.date:
    """The first of the days up to `day` on which this bundle's task has had this status without a break.

    The name of an event: the same drift, seen day after day, is one.
    """
    first = day
    for earlier in reversed([found for found in result_days(store, kind) if found < day]):
        said = ((read_result(store, kind, earlier) or {}).get("tasks") or {}).get(task) or {}
        # A day without enough data says nothing of the event: it goes on.
        if said.get("status") == "too little data" and said.get("bundle") == bundle:
            continue
        if (said.get("bundle"), said.get("status")) != (bundle, status):
            break
        first = earlier
    return first


def _path(kind: Kind, day: dt.date) -> str:
    return f"{FOLDER}/{kind}/{day.isoformat()}.json"
