"""A cache of asset values, so that unchanged work is not repeated and an interrupted run continues where it stopped.

Here belongs what a cached value depends on: the asset, the source of the code that computes it, the versions of the
numerical libraries, the settings and the versions of the inputs. Not here: the code version (`defs.code_versions`), the
files of the cache (`stores.assets.cache`).
"""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any, TypeVar

from migraine_assets.defs.refs import from_stored, to_stored
from migraine_assets.errors import StoreError
from migraine_assets.stores.assets.cache import read_cached, write_cached
from migraine_assets.stores.store import Store

T = TypeVar("T")

LIBRARIES = (
    "numpy",
    "pandas",
    "scipy",
    "scikit-learn",
    "xgboost",
    "lightgbm",
    "pandera",
    "pyarrow",
    "onnx",
)


@cache
def library_versions() -> tuple[str, ...]:
    """Return the versions of the libraries that results depend on, as "name==version"."""
    return tuple(f"{name}=={version(name)}" for name in LIBRARIES)


def fingerprint(asset: str, *, code: str, settings: Any, inputs: Sequence[str]) -> str:
    """Return the SHA-256 of everything that determines the value of `asset`: the key of the cache."""
    parts = [asset, code, library_versions(), _plain(settings), list(inputs)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _plain(settings: Any) -> Any:
    return (
        dataclasses.asdict(settings)
        if dataclasses.is_dataclass(settings) and not isinstance(settings, type)
        else settings
    )


def cached_value(store: Store, key: str, *, make: Callable[[], T], intact: Callable[[T], bool]) -> tuple[T, bool]:
    """Return the value cached under the fingerprint `key`, or else of `make`, and whether it was cached.

    A cached value is computed again if its files are missing (`intact` returns False) or if its type has changed since.
    """
    value = _read(store, key)
    if value is not None and intact(value):
        return value, True
    value = make()
    cache_value(store, key, value)
    return value, False


def cache_value(store: Store, key: str, value: object) -> None:
    """Store `value` under the fingerprint `key`, replacing an earlier one."""
    write_cached(store, key, to_stored(value))


def _read(store: Store, key: str) -> Any:
    stored = read_cached(store, key)
    try:
        return None if stored is None else from_stored(stored)
    except StoreError:
        return None
