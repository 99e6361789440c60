"""Work that was done before is not done again: a value is remembered under everything that went into it.

The fingerprint covers the asset, the source text of the code that computes it, the versions of the numerical
libraries, the settings and the versions of the inputs. So a re-run with nothing changed is cheap, and an interrupted
run goes on where it stopped.
"""

import dataclasses
import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from migraine_assets.defs.refs import from_stored, to_stored
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
def code_version(*modules: str) -> str:
    """16 hex digits of the SHA-256 over the source text of `modules` (dotted names; a package stands for all in it)."""
    digest = hashlib.sha256()
    for path in sorted(path for module in modules for path in _sources(module)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _sources(module: str) -> list[Path]:
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise LookupError(f"There is no module '{module}' to take a code version from.")
    origin = Path(spec.origin)
    return sorted(origin.parent.glob("**/*.py")) if origin.name == "__init__.py" else [origin]


@cache
def library_versions() -> tuple[str, ...]:
    """The versions of the libraries that numbers depend on, as "name==version"."""
    return tuple(f"{name}=={version(name)}" for name in LIBRARIES)


def fingerprint(asset: str, *, code: str, settings: Any, inputs: Sequence[str]) -> str:
    """SHA-256 over all that determines the asset's value."""
    parts = [asset, code, library_versions(), _plain(settings), list(inputs)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _plain(settings: Any) -> Any:
    return (
        dataclasses.asdict(settings)
        if dataclasses.is_dataclass(settings) and not isinstance(settings, type)
        else settings
    )


def recall(store: Store, key: str, *, make: Callable[[], T], intact: Callable[[T], bool]) -> tuple[T, bool]:
    """The value remembered under the fingerprint `key`, or what `make` returns; and whether it was remembered.

    A remembered value whose files are gone (`intact` is false) is made anew.
    """
    content = read_cached(store, key)
    if content is not None and intact(value := from_stored(content)):
        return value, True
    value = make()
    remember(store, key, value)
    return value, False


def remember(store: Store, key: str, value: object) -> None:
    """Keep `value` under the fingerprint `key`, in place of what was kept there."""
    write_cached(store, key, to_stored(value))
