"""Passing a value between assets: the newest reference of every asset, in the store."""

import dagster as dg
import pytest

from migraine_assets.defs.io_managers import ReferenceIOManager
from migraine_assets.defs.refs import ChampionRef
from migraine_assets.defs.resources import workspace_from
from migraine_assets.errors import ConfigurationError
from migraine_assets.settings import Settings
from migraine_assets.stores.assets.current_values import read_current
from migraine_assets_tests.support.homes import Home

VALUE = ChampionRef("attack", "none", None, None, ("No model met the bar.",), None)
KEY = dg.AssetKey(["champions", "attack"])


@pytest.fixture
def manager(home: Home) -> ReferenceIOManager:
    """The manager of a fresh home."""
    with home.entered():
        return ReferenceIOManager(workspace=workspace_from(Settings()))


@pytest.mark.filterwarnings("ignore")
def test_what_is_handed_over_arrives(manager: ReferenceIOManager, home: Home) -> None:
    manager.handle_output(dg.build_output_context(asset_key=KEY, run_id="run-1"), VALUE)
    assert manager.load_input(dg.build_input_context(asset_key=KEY)) == VALUE
    stored = read_current(home.store, "champions/attack")
    assert stored is not None
    assert stored.run == "run-1"


@pytest.mark.filterwarnings("ignore")
def test_a_value_that_was_never_stored_is_reported(manager: ReferenceIOManager) -> None:
    with pytest.raises(ConfigurationError, match=r"'champions/attack' has no value .* materialize it first"):
        manager.load_input(dg.build_input_context(asset_key=KEY))
