"""A past run repeated from its data version in another process, directory and home is bit-identical."""

import json
import shutil
from pathlib import Path

import pytest

from migraine_assets.stores.assets import delivery_log
from migraine_assets_tests.support.homes import Home, Result, assert_sound

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def elsewhere(trained_home: Home, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Result]:
    """Another home with only the accepted diary and its log, in which the run is repeated from its MD5."""
    home = Home.make(tmp_path_factory.mktemp("elsewhere") / "deep" / "home")
    shutil.copytree(trained_home.root / "store" / "deliveries", home.root / "store" / "deliveries")
    return home, home.process("run", "--data-version", delivery_log.read_log(home.store)[0].acceptance.md5)


def test_a_successful_run_prints_tables_and_paths(elsewhere: tuple[Home, Result]) -> None:
    home, ended = elsewhere
    assert ended.code == 0, ended.err
    assert "champion" in ended.out
    assert "personal rate" in ended.out
    index = next(line for line in ended.out.splitlines() if line.startswith("Report")).split()[-1]
    assert Path(index).is_file()
    assert_sound(home)


def test_features_folds_and_bundles_are_the_same(trained_home: Home, elsewhere: tuple[Home, Result]) -> None:
    home, _ = elsewhere
    for key in ("preprocessed_diary", "features", "folds"):
        assert home.asset(key).frame.version == trained_home.asset(key).frame.version, key
    assert home.bundles() == trained_home.bundles()


def test_scores_and_champions_are_the_same(trained_home: Home, elsewhere: tuple[Home, Result]) -> None:
    home, _ = elsewhere
    original, repeated = (_without_time(each.evaluation()) for each in (trained_home, home))
    assert original == repeated
    assert {task: current.champion for task, current in home.pointer.tasks.items()} == {
        task: current.champion for task, current in trained_home.pointer.tasks.items()
    }


def _without_time(evaluation: dict[str, dict[str, dict[str, dict[str, object]]]]) -> str:
    for section in evaluation.values():
        for model in section["models"].values():
            model.pop("seconds")
    return json.dumps(evaluation, sort_keys=True)
