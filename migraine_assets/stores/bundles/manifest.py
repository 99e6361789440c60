"""What a bundle says of itself: the manifest, its one canonical form, and its verification.

Here belong the format, its number and its reading. Needs the standard library only: the service reads
manifests. Not here: files and sessions (`stores.bundles.bundles`). Whoever changes the format raises `FORMAT` and adds
a reader beside the old one.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from migraine_assets.errors import BundleRefused

FORMAT = 1
MODEL_FILE, MANIFEST_FILE, PROVENANCE_FILE = "model.onnx", "manifest.json", "provenance.json"
INPUT = "features"
OUTPUT = {"attack": "probability", "severity": "severity"}

Json = dict[str, Any]


@dataclass(frozen=True)
class Manifest:
    """Format 1. All that identifies and explains a model; nothing that differs between two equal runs.

    `algorithm` is the name in the table of models, `used` what really ran. `features`: inputs in the order of
    the graph. `calibration`: {slope, intercept} of the sigmoid. `threshold`: probability from which an attack
    is announced. `conformal`: {coverage, quantile} in outcome units. `bounds`: a severity is cut to them.
    `base_rate`: share of attacks (attack) or mean outcome (severity) in training. `metrics`: cross-validated
    {name: {value, ci_low, ci_high}}. `reference`: bins of each feature for drift. `training`: counts.
    `agreement`: Python against ONNX Runtime. `files`: SHA-256 of every other file.
    """

    format: int
    task: str
    algorithm: str
    used: str
    params: Json
    seed: int
    horizon: int
    severity_kind: str | None
    features: tuple[str, ...]
    features_version: str
    data_version: str
    calibration: Json | None
    threshold: float | None
    conformal: Json | None
    bounds: tuple[float, float] | None
    base_rate: float
    metrics: Json
    reference: Json
    training: Json
    agreement: Json
    libraries: Json
    notes: tuple[str, ...]
    files: dict[str, str]

    @property
    def output(self) -> str:
        """The name of the graph's only output."""
        return OUTPUT[self.task]

    def canonical(self) -> bytes:
        """The one JSON form: sorted keys, no spaces, UTF-8, no NaN. Its SHA-256 names the bundle."""
        return canonical(asdict(self))


def canonical(content: Mapping[str, Any]) -> bytes:
    """JSON with sorted keys and no spaces. NumPy scalars and arrays become numbers and lists; NaN is a
    `ValueError`.
    """
    text = json.dumps(
        content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain
    )
    return text.encode()


def sha256(content: bytes) -> str:
    """The SHA-256 of `content` as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def parse(content: bytes, *, where: str) -> Manifest:
    """The manifest in `content`. Raises `BundleRefused`, naming `where`, for anything but a whole known
    format.
    """
    try:
        read = json.loads(content)
    except ValueError as error:
        raise BundleRefused(f"The manifest of {where} is not JSON: {error}.") from error
    number = read.get("format") if isinstance(read, dict) else None
    if type(number) is not int or number not in _READERS:
        known = ", ".join(map(str, _READERS))
        raise BundleRefused(f"The manifest of {where} has format {number!r}; this version reads {known}.")
    return _READERS[number](read, where)


def _read_format_1(read: Json, where: str) -> Manifest:
    wanted = {field.name for field in fields(Manifest)}
    if odd := wanted ^ set(read):
        raise BundleRefused(f"The manifest of {where} lacks or does not know {', '.join(sorted(odd))}.")
    for name, kinds in _KINDS.items():
        if not isinstance(read[name], kinds) or isinstance(read[name], bool):
            raise BundleRefused(f"'{name}' in the manifest of {where} is {read[name]!r}, which it cannot be.")
    _refuse_inconsistent(read, where)
    tuples = {name: tuple(read[name]) for name in ("features", "notes")}
    bounds = None if read["bounds"] is None else tuple(read["bounds"])
    return Manifest(**{**read, **tuples, "bounds": bounds})


def _refuse_inconsistent(read: Json, where: str) -> None:
    names = read["features"]
    if read["task"] not in OUTPUT:
        raise BundleRefused(f"The manifest of {where} is for the task {read['task']!r}; known: {', '.join(OUTPUT)}.")
    if not names or len(set(names)) != len(names) or not all(isinstance(name, str) for name in names):
        raise BundleRefused(f"The manifest of {where} does not name each feature once.")
    if MODEL_FILE not in read["files"]:
        raise BundleRefused(f"The manifest of {where} names no {MODEL_FILE}.")


_KINDS: dict[str, tuple[type, ...]] = {
    "task": (str,),
    "algorithm": (str,),
    "horizon": (int,),
    "features": (list,),
    "features_version": (str,),
    "notes": (list,),
    "threshold": (int, float, type(None)),
    "conformal": (dict, type(None)),
    "calibration": (dict, type(None)),
    "bounds": (list, type(None)),
    "base_rate": (int, float),
    "metrics": (dict,),
    "reference": (dict,),
    "files": (dict,),
}
_READERS = {1: _read_format_1}


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no place in a manifest")
