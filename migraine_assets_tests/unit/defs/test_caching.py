"""The cache of asset values, and what its fingerprint depends on."""

import dataclasses
from pathlib import Path

import pytest

from migraine_assets.core.evaluation.folds import FoldSettings
from migraine_assets.defs.caching import cache_value, cached_value, fingerprint, library_versions
from migraine_assets.defs.refs import ChampionRef
from migraine_assets.stores.assets.cache import FOLDER, write_cached
from migraine_assets.stores.assets.current_values import StoredValue
from migraine_assets.stores.store import Store

VALUE = ChampionRef("attack", "promoted", "b" * 64, None, ("better",), "000001")
KEY = fingerprint("asset", code="c", settings=[FoldSettings()], inputs=["v"])


def test_a_value_is_made_once_and_then_cached(tmp_path: Path) -> None:
    store, calls = Store(str(tmp_path)), []

    def make() -> ChampionRef:
        calls.append(1)
        return VALUE

    first = cached_value(store, KEY, make=make, intact=lambda _: True)
    second = cached_value(store, KEY, make=make, intact=lambda _: True)
    assert (first, second) == ((VALUE, False), (VALUE, True))
    assert len(calls) == 1


def test_a_value_that_is_not_intact_is_made_again(tmp_path: Path) -> None:
    store, other = Store(str(tmp_path)), dataclasses.replace(VALUE, outcome="refused")
    cache_value(store, KEY, VALUE)
    assert cached_value(store, KEY, make=lambda: other, intact=lambda value: value != VALUE) == (other, False)
    assert cached_value(store, KEY, make=lambda: VALUE, intact=lambda _: True) == (other, True)


def test_a_damaged_entry_is_made_again(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    cache_value(store, KEY, VALUE)
    store.write(f"{FOLDER}/{KEY}.json", b"{")
    assert cached_value(store, KEY, make=lambda: VALUE, intact=lambda _: True) == (VALUE, False)


def test_a_failure_is_not_cached(tmp_path: Path) -> None:
    store = Store(str(tmp_path))

    def fail() -> ChampionRef:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cached_value(store, KEY, make=fail, intact=lambda _: True)
    assert store.list(FOLDER) == []


@pytest.mark.parametrize(
    "other",
    [
        {"asset": "other"},
        {"code": "d"},
        {"settings": [FoldSettings(seed=1)]},
        {"settings": [FoldSettings(), None]},
        {"inputs": ["w"]},
        {"inputs": ["v", "v"]},
    ],
)
def test_every_part_changes_the_fingerprint(other: dict[str, object]) -> None:
    same = {"asset": "asset", "code": "c", "settings": [FoldSettings()], "inputs": ["v"]}
    assert fingerprint(**same) == KEY  # type: ignore[arg-type]  # by name
    assert fingerprint(**(same | other)) != KEY  # type: ignore[arg-type]


def test_a_value_whose_type_has_changed_is_computed_again(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    write_cached(store, KEY, StoredValue("ChampionRef", {"task": "attack"}, ""))
    assert cached_value(store, KEY, make=lambda: VALUE, intact=lambda _: True) == (VALUE, False)


def test_library_versions_include_the_numerical_libraries() -> None:
    assert {version.split("==")[0] for version in library_versions()} >= {"numpy", "scikit-learn", "xgboost"}
