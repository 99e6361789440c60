"""Deliveries of the demonstration are simulated diaries, and models that are trained on them state it."""

from itertools import pairwise

import pytest

from demo.participants import WORLDS, delivery, delivery_arguments, diary
from migraine_assets.sources.registry import read_source
from migraine_assets.stores.simulated import SIMULATED


@pytest.mark.parametrize("world", WORLDS)
def test_a_delivery_is_known_as_simulated(world: str) -> None:
    config = delivery(world)
    read = read_source(config["source"], mapping=None, options=config["options"], landing=None)
    assert read.source == SIMULATED
    assert len(read.frame) == len(diary(world, 1))


def test_the_command_delivers_the_same_as_the_asset() -> None:
    config, arguments = delivery("shifted"), delivery_arguments("shifted")
    options = dict(value.split("=") for name, value in pairwise(arguments) if name == "--option")
    assert arguments[:2] == ["--source", config["source"]]
    assert options == config["options"]
