"""Work that was done before is not done again, and what goes into a fingerprint."""

import dataclasses
import sys
from pathlib import Path

import pytest

from migraine_assets.core.evaluation.folds import FoldSettings
from migraine_assets.defs.caching import code_version, fingerprint, library_versions, recall, remember
from migraine_assets.defs.refs import ChampionRef
from migraine_assets.stores.assets.cache import FOLDER
from migraine_assets.stores.store import Store

VALUE = ChampionRef("attack", "promoted", "b" * 64, None, ("better",), "000001")
KEY = fingerprint("asset", code="c", settings=[FoldSettings()], inputs=["v"])


def test_made_once_and_then_remembered(tmp_path: Path) -> None:
    store, made = Store(str(tmp_path)), []

    def make() -> ChampionRef:
        made.append(1)
        return VALUE

    first = recall(store, KEY, make=make, intact=lambda _: True)
    second = recall(store, KEY, make=make, intact=lambda _: True)
    assert (first, second) == ((VALUE, False), (VALUE, True))
    assert len(made) == 1


def test_what_is_no_longer_intact_is_made_again(tmp_path: Path) -> None:
    store, other = Store(str(tmp_path)), dataclasses.replace(VALUE, outcome="refused")
    remember(store, KEY, VALUE)
    assert recall(store, KEY, make=lambda: other, intact=lambda found: found != VALUE) == (other, False)
    assert recall(store, KEY, make=lambda: VALUE, intact=lambda _: True) == (other, True)


def test_a_damaged_note_is_none(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    remember(store, KEY, VALUE)
    store.write(f"{FOLDER}/{KEY}.json", b"{")
    assert recall(store, KEY, make=lambda: VALUE, intact=lambda _: True) == (VALUE, False)


def test_what_fails_leaves_no_note(tmp_path: Path) -> None:
    store = Store(str(tmp_path))

    def fail() -> ChampionRef:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        recall(store, KEY, make=fail, intact=lambda _: True)
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
def test_everything_that_counts_changes_the_fingerprint(other: dict[str, object]) -> None:
    same = {"asset": "asset", "code": "c", "settings": [FoldSettings()], "inputs": ["v"]}
    assert fingerprint(**same) == KEY  # type: ignore[arg-type]  # by name
    assert fingerprint(**(same | other)) != KEY  # type: ignore[arg-type]


def test_the_code_version_is_of_the_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "codeversioned"
    (package / "inner").mkdir(parents=True)
    for place in (package, package / "inner"):
        (place / "__init__.py").write_text("")
    (package / "inner" / "part.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    before = code_version("codeversioned")
    code_version.cache_clear()
    assert code_version("codeversioned") == before
    (package / "inner" / "part.py").write_text("x = 2\n")
    code_version.cache_clear()
    assert code_version("codeversioned") != before
    assert "codeversioned.inner.part" not in sys.modules, "nothing is run to be looked at"
    with pytest.raises(LookupError, match=r"no module 'codeversioned\.gone'"):
        code_version("codeversioned.gone")


def test_library_versions_name_what_numbers_depend_on() -> None:
    assert {version.split("==")[0] for version in library_versions()} >= {"numpy", "scikit-learn", "xgboost"}
