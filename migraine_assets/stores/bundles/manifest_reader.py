"""Reading of manifests of every known format, with all fields checked.

Not here: the current format (`stores.bundles.manifest`), conversion of format 1 (`stores.bundles.format_1`).
"""

from typing import Any

import msgspec

from migraine_assets.errors import BundleRefused
from migraine_assets.stores.bundles.format_1 import ManifestFormat1, upgraded
from migraine_assets.stores.bundles.manifest import FORMAT, MODEL_FILE, Manifest


def parse(content: bytes, *, where: str) -> Manifest:
    """Read a manifest of any known format from `content`.

    Raises `BundleRefused`, with the location `where`, for any other content.
    """
    number = format_of(content, where=where)
    manifest: Manifest
    if number == FORMAT:
        manifest = decode(content, Manifest, where=where)
    else:
        manifest = upgraded(decode(content, ManifestFormat1, where=where), where=where)
    _refuse_inconsistent(manifest, where)
    return manifest


def format_of(content: bytes, *, where: str) -> int:
    """Return the format number of a manifest. Raises `BundleRefused` if it is unknown."""
    try:
        raw = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BundleRefused(f"The manifest of {where} is not JSON: {error}.") from error
    number = raw.get("format") if isinstance(raw, dict) else None
    if type(number) is not int or not 1 <= number <= FORMAT:
        known = ", ".join(map(str, range(1, FORMAT + 1)))
        raise BundleRefused(f"The manifest of {where} has format {number!r}; this version reads {known}.")
    return number


def decode(content: bytes, kind: Any, *, where: str) -> Any:
    """Decode `content` as a `kind`. Raises `BundleRefused` for a missing, unknown or invalid field at any depth."""
    try:
        manifest = msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as error:
        raise BundleRefused(f"The manifest of {where} is not valid: {error}.") from error
    if unknown := _unknown(msgspec.json.decode(content), msgspec.to_builtins(manifest)):
        raise BundleRefused(f"The manifest of {where} has a field that this version does not know: {unknown}.")
    return manifest


def _unknown(raw: Any, known: Any, path: str = "$") -> str | None:
    """Return the path of the first field of `raw` that `known` does not have.

    msgspec checks unknown fields of structs, but not of dataclasses.
    """
    pairs: list[tuple[str, Any, Any]] = []
    if isinstance(raw, dict) and isinstance(known, dict):
        if lacking := next((name for name in raw if name not in known), None):
            return f"{path}.{lacking}"
        pairs = [(f"{path}.{name}", value, known[name]) for name, value in raw.items()]
    elif isinstance(raw, list) and isinstance(known, list | tuple):
        pairs = [(f"{path}[{k}]", *both) for k, both in enumerate(zip(raw, known, strict=True))]
    return next((deeper for where, value, other in pairs if (deeper := _unknown(value, other, where))), None)


def _refuse_inconsistent(manifest: Manifest, where: str) -> None:
    names = manifest.names
    if not names or len(set(names)) != len(names):
        raise BundleRefused(f"The manifest of {where} does not name each feature once.")
    if (manifest.outcome.kind == "attack") != (manifest.task == "attack"):
        raise BundleRefused(
            f"The manifest of {where} is for the task '{manifest.task}', but its outcome is '{manifest.outcome.kind}'."
        )
    if MODEL_FILE not in manifest.files:
        raise BundleRefused(f"The manifest of {where} names no {MODEL_FILE}.")
