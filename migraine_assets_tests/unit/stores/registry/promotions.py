"""Promotions of bundles whose content is a short text, for tests."""

import datetime as dt
import hashlib
from functools import partial

from migraine_assets.errors import BundleRefused
from migraine_assets.stores.registry import champions
from migraine_assets.stores.registry import pointer as pointer_file
from migraine_assets.stores.registry.promotion_history import history
from migraine_assets.stores.store import Store

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def put(store: Store, content: str) -> str:
    """Store some bytes under their own hash in place of a bundle."""
    name = hashlib.sha256(content.encode()).hexdigest()
    store.write(f"bundles/{name}/manifest.json", content.encode())
    return name


def verify(store: Store, bundle: str) -> None:
    if hashlib.sha256(store.read(f"bundles/{bundle}/manifest.json")).hexdigest() != bundle:
        raise BundleRefused(f"{bundle} was altered")


promote = partial(champions.promote, who="ann", when=NOON, why=("better",), verify=verify)
rollback = partial(champions.rollback, who="bob", when=NOON, why=("alarms",), verify=verify)


def serving(store: Store, task: str = "attack") -> str:
    return pointer_file.read_pointer(store).tasks[task].champion


def effects(store: Store) -> list[str]:
    return [entry.effect for entry in history(store)]
