"""Code versions follow the imports: a change of a module marks the assets that depend on it, and no others.

Do not replace the search by a list of modules per asset. Such a list was wrong for a third of the modules of `core`,
and nothing failed when an entry was missing.
"""

import time
from collections.abc import Mapping

import dagster as dg
import grimp
import pytest

from migraine_assets.definitions import build_defs
from migraine_assets.defs import code_versions
from migraine_assets.defs.assets import train
from migraine_assets.defs.code_versions import (
    BOUNDARIES,
    PACKAGE,
    code_version,
    defining_module,
    imported_modules,
    package_sources,
    package_version,
)

CORE = f"{PACKAGE}.core"
SOURCES = package_sources()
# Modules of `core` without an asset, with the reason.
WITHOUT_ASSET = {
    "core.alerts": "Alert sensors use it; no asset does.",
    "core.quality": "Asset checks use it, and a check has no code version.",
    "core.monitoring.retraining": "The retraining sensors use it; no asset does.",
    "core.person": "`migraine sheet` uses it; no asset does.",
    "core.custom_fields": "Parameters use it, and what they declare is part of the recipe.",
}
# What becomes stale when a module of `core` changes: modules of `defs.assets`, and `monitoring`, whose windows read the
# training rows and whose page has titles of models.
EXPECTED: Mapping[str, set[str]] = {
    "diary.duplicates": {"validated_diary", "preprocessed_diary"},
    "diary.rules": {"validated_diary"},
    "evaluation.folds": {"folds", "models", "evaluation", "monitoring"},
    "evaluation.gate": {"evaluation"},
    "models.builders": {"models", "evaluation", "monitoring"},
    "models.early_stopping": {"models", "evaluation", "monitoring"},
    "models.tuning": {"models", "evaluation"},
    "metrics.bootstrap": {"models", "evaluation", "monitoring"},
    "metrics.metrics": {"models", "evaluation", "monitoring"},
    "monitoring.drift.task_drift": {"monitoring"},
    "monitoring.rollout_test": {"monitoring"},
}


@pytest.fixture(scope="module")
def modules() -> dict[str, str]:
    """The defining module of every asset, by asset key."""
    assets = [asset for asset in build_defs().assets or () if isinstance(asset, dg.AssetsDefinition)]
    return {key.to_user_string(): defining_module(asset) for asset in assets for key in asset.keys}


def _changed(module: str) -> dict[str, bytes]:
    return {**SOURCES, module: SOURCES[module] + b"\n# changed\n"}


def _stale(entries: set[str], module: str) -> set[str]:
    """Return the asset modules whose code version differs when `module` is changed."""
    sources = _changed(module)
    return {entry for entry in entries if code_version(entry, sources=sources) != code_version(entry)}


def _core_modules() -> list[str]:
    return sorted(name for name in SOURCES if name.startswith(f"{CORE}.") and SOURCES[name].strip())


@pytest.fixture(scope="module")
def importers(modules: dict[str, str]) -> dict[str, set[str]]:
    """The imports of every asset module according to an independent tool, without the boundaries."""
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    for boundary in BOUNDARIES:
        graph.remove_module(boundary)
    return {entry: {entry, *graph.find_upstream_modules(entry)} for entry in set(modules.values())}


def test_the_imports_are_those_that_an_independent_tool_finds(importers: dict[str, set[str]]) -> None:
    for entry, expected in importers.items():
        assert imported_modules(entry, SOURCES) == expected, entry


@pytest.mark.parametrize("module", _core_modules())
def test_a_changed_module_of_core_marks_exactly_the_assets_that_import_it(
    module: str, importers: dict[str, set[str]]
) -> None:
    stale = _stale(set(importers), module)
    assert stale == {entry for entry, imported in importers.items() if module in imported}
    reasons = [reason for name, reason in WITHOUT_ASSET.items() if f"{module}.".startswith(f"{PACKAGE}.{name}.")]
    assert bool(stale) != bool(reasons), f"{module} marks {len(stale)} assets"


@pytest.mark.parametrize("module", EXPECTED)
def test_a_change_marks_these_assets(module: str, modules: dict[str, str]) -> None:
    stale = _stale(set(modules.values()), f"{CORE}.{module}")
    names = {name.removeprefix(f"{PACKAGE}.defs.").removeprefix("assets.").removesuffix(".assets") for name in stale}
    assert names == EXPECTED[module]


def test_every_asset_is_in_a_module_of_the_project(modules: dict[str, str]) -> None:
    assert modules["quarantined_rows"] == modules["validated_diary"]
    assert modules["classifiers/knn"] == f"{PACKAGE}.defs.assets.models"
    assert all(module in SOURCES for module in modules.values())


@pytest.mark.parametrize("module", [name for name in SOURCES if ".monitoring" in name or ".alert" in name])
def test_monitoring_does_not_retrain_a_model(module: str) -> None:
    assert module not in imported_modules(train.__name__, SOURCES)


@pytest.mark.parametrize(
    "module",
    [
        "core.diary.schema",
        "core.evaluation.cross_validation",
        "core.metrics.bootstrap",
        "core.metrics.metrics",
        "core.models.knn",
        "core.models.training",
        "stores.bundles.export.trees",
    ],
)
def test_training_depends_on_what_it_computes_with(module: str) -> None:
    trained = imported_modules(train.__name__, SOURCES)
    assert (f"{PACKAGE}.{module}" in trained) == (module != "core.diary.schema")


def test_every_boundary_is_a_module() -> None:
    assert set(SOURCES) >= BOUNDARIES


def test_no_import_is_relative_or_hidden_from_the_search() -> None:
    """The search reads statements at the beginning of a line that name the package."""
    for name, source in SOURCES.items():
        lines = [line.strip() for line in source.decode().splitlines()]
        assert not [line for line in lines if line.startswith("from .")], name


def test_an_unknown_module_is_refused() -> None:
    with pytest.raises(LookupError, match=r"has no module 'migraine_assets\.gone'"):
        code_version(f"{PACKAGE}.gone")


def test_the_package_version_covers_every_module(monkeypatch: pytest.MonkeyPatch) -> None:
    before = package_version()
    monkeypatch.setattr(code_versions, "package_sources", lambda: _changed(f"{PACKAGE}.cli.app"))
    assert package_version() != before


def test_versions_take_a_fraction_of_the_time_that_parsing_every_file_takes(modules: dict[str, str]) -> None:
    import ast

    started = time.process_time()
    for source in SOURCES.values():
        ast.parse(source)
    parsing = time.process_time() - started
    code_versions._imports.cache_clear()
    started = time.process_time()
    for entry in set(modules.values()):
        code_version(entry)
    assert time.process_time() - started < parsing
