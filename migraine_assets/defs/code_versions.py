"""Code versions: a hash of the source that an asset depends on, collected by following its imports.

The code version of an asset covers the module that defines the asset and every module of `migraine_assets` that this
module imports, directly or indirectly, at module level or inside a function. `BOUNDARIES` are not followed.

Here belong the import graph of the package and the versions derived from it. Not here: what else a cached value depends
on (`defs.caching`).
"""

import ast
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

import dagster as dg

PACKAGE = "migraine_assets"

# Modules that pass values to an asset, or describe or send its result. What they pass is compared as data (settings,
# versions of inputs), so that a new threshold of the monitoring, for example, does not mark a trained model as stale.
BOUNDARIES = frozenset(
    f"{PACKAGE}.{name}"
    for name in (
        "params",
        "settings",
        "defs.refs",
        "defs.resources",
        "defs.metadata",
        "defs.mlflow",
        "defs.forecast_webhooks",
    )
)

# One import statement of the package. Parsing these statements alone takes a tenth of the time that whole files take.
_STATEMENT = re.compile(rb"^[ \t]*((?:from|import)[ \t]+%b\b(?:[^\n(]*\([^)]*\)|[^\n]*))" % PACKAGE.encode(), re.M)

Sources = Mapping[str, bytes]


@cache
def package_sources() -> Sources:
    """Return the source of every module of the package, by dotted name. A package has the name of its `__init__`."""
    root = Path(str(files(PACKAGE)))
    return {_dotted(path.relative_to(root.parent)): path.read_bytes() for path in sorted(root.rglob("*.py"))}


def imported_modules(entry: str, sources: Sources) -> frozenset[str]:
    """Return `entry` and every module of `sources` that it imports, directly or indirectly, without `BOUNDARIES`.

    Raises `LookupError` if `entry` is not a module of the package.
    """
    if entry not in sources:
        raise LookupError(f"The package has no module '{entry}' to compute a code version of.")
    reached: set[str] = set()
    pending = [entry]
    while pending:
        name = pending.pop()
        if name not in reached and name not in BOUNDARIES:
            reached.add(name)
            pending += [module for names in _imports(sources[name]) if (module := _first_module(names, sources))]
    return frozenset(reached)


def code_version(entry: str, *, sources: Sources | None = None) -> str:
    """Return the first 16 hex digits of a SHA-256 over the sources of `imported_modules(entry)`."""
    known = package_sources() if sources is None else sources
    return _digest({name: known[name] for name in imported_modules(entry, known)})


def package_version() -> str:
    """Return the first 16 hex digits of a SHA-256 over the sources of the whole package."""
    return _digest(package_sources())


def defining_module(asset: dg.AssetsDefinition) -> str:
    """Return the dotted name of the module that defines the asset's function."""
    compute = asset.op.compute_fn
    function = getattr(compute, "decorated_fn", compute)
    return str(function.__module__)


def with_code_versions(assets: Sequence[dg.AssetsDefinition]) -> list[dg.AssetsDefinition]:
    """Return the same assets with their code versions, so that the UI marks values that are older than their code."""
    return [_versioned(asset, code_version(defining_module(asset))) for asset in assets]


def _versioned(asset: dg.AssetsDefinition, version: str) -> dg.AssetsDefinition:
    return asset.map_asset_specs(lambda spec: spec.replace_attributes(code_version=version))


def _dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


@cache
def _imports(source: bytes) -> tuple[tuple[str, str], ...]:
    """Return for every imported name the module with this name and the module to import it from. The first that exists
    counts.
    """
    statements = (ast.parse(match.group(1)).body[0] for match in _STATEMENT.finditer(source))
    return tuple(names for statement in statements for names in _candidates(statement))


def _candidates(statement: ast.stmt) -> Iterator[tuple[str, str]]:
    if isinstance(statement, ast.Import):
        yield from ((alias.name, alias.name) for alias in statement.names)
    elif isinstance(statement, ast.ImportFrom) and statement.module:
        yield from ((f"{statement.module}.{alias.name}", statement.module) for alias in statement.names)


def _first_module(names: tuple[str, str], sources: Sources) -> str | None:
    return next((name for name in names if name in sources), None)


def _digest(sources: Sources) -> str:
    digest = hashlib.sha256()
    for name in sorted(sources):
        digest.update(name.encode() + b"\0" + sources[name] + b"\0")
    return digest.hexdigest()[:16]
