"""A past run repeated from its data version, in another process, directory and home, gives the same in every bit."""

import json
import shutil
from pathlib import Path

import pytest

from migraine_assets.stores.assets import deliveries
from migraine_assets_tests.support.homes import Ended, Home, assert_sound


@pytest.fixture(scope="module")
def elsewhere(trained: Home, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Ended]:
    """The accepted diary's bytes and their log, and nothing else, in another home; repeated there from its MD5."""
    home = Home.make(tmp_path_factory.mktemp("elsewhere") / "deep" / "home")
    shutil.copytree(trained.root / "store" / "deliveries", home.root / "store" / "deliveries")
    return home, home.process("run", "--data-version", deliveries.log(home.store)[0].acceptance.md5)


def test_a_good_run_ends_with_0_tables_and_paths(elsewhere: tuple[Home, Ended]) -> None:
    home, ended = elsewhere
    assert ended.code == 0, ended.err
    assert "champion" in ended.out
    assert "personal rate" in ended.out
    index = next(line for line in ended.out.splitlines() if line.startswith("Report")).split()[-1]
    assert Path(index).is_file()
    assert_sound(home)


def test_features_folds_and_bundles_are_the_same(trained: Home, elsewhere: tuple[Home, Ended]) -> None:
    home, _ = elsewhere
    for key in ("preprocessed_diary", "features", "folds"):
        assert home.asset(key).frame.version == trained.asset(key).frame.version, key
    assert home.bundles() == trained.bundles()


def test_scores_and_champions_are_the_same(trained: Home, elsewhere: tuple[Home, Ended]) -> None:
    home, _ = elsewhere
    here, there = (_without_time(found.figures()) for found in (trained, home))
    assert here == there
    assert {task: place.champion for task, place in home.pointer.tasks.items()} == {
        task: place.champion for task, place in trained.pointer.tasks.items()
    }


def _without_time(figures: dict[str, dict[str, dict[str, dict[str, object]]]]) -> str:
    for section in figures.values():
        for model in section["models"].values():
            model.pop("seconds")
    return json.dumps(figures, sort_keys=True)
