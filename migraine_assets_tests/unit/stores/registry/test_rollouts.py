"""Rollouts in the pointer."""

import datetime as dt
import hashlib
import json
from functools import partial
from pathlib import Path

import pytest

from migraine_assets.errors import BundleRefused, ConfigurationError, StoreError
from migraine_assets.stores.registry import champions, rollouts
from migraine_assets.stores.registry.pointer import POINTER, Rollout, read_pointer
from migraine_assets.stores.store import Store

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
A, B, C = (hashlib.sha256(text.encode()).hexdigest() for text in "abc")


def verify(_: Store, bundle: str) -> None:
    if bundle not in (A, B, C):
        raise BundleRefused(f"{bundle} is damaged")


promote = partial(champions.promote, who="ann", when=NOON, why=("better",), verify=verify)
start = partial(rollouts.start_rollout, mode="canary", percent=5, who="bob", when=NOON, why="careful", verify=verify)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(str(tmp_path / "store"))
    promote(store, "attack", champion=A, challenger=B)
    return store


def test_a_rollout_of_the_challenger_is_written_to_the_pointer(store: Store) -> None:
    begun = start(store, "attack")
    pointer = read_pointer(store)
    assert pointer.rollouts == {"attack": begun}
    assert begun == Rollout("canary", B, 5.0, A, "bob", "2026-03-01T12:00:00+00:00", "careful")
    assert pointer.version == 2
    assert pointer.tasks["attack"].champion == A


def test_another_rollout_replaces_it_and_an_end_removes_it(store: Store) -> None:
    start(store, "attack")
    start(store, "attack", mode="shadow", percent=100, bundle=C)
    assert read_pointer(store).rollouts["attack"].bundle == C
    assert rollouts.end_rollout(store, "attack").mode == "shadow"
    assert read_pointer(store).rollouts == {}
    with pytest.raises(ConfigurationError, match="has no rollout"):
        rollouts.end_rollout(store, "attack")


def test_another_champion_ends_the_rollout_and_another_challenger_does_not(store: Store) -> None:
    start(store, "attack", bundle=C)
    promote(store, "attack", champion=A, challenger=C)
    assert "attack" in read_pointer(store).rollouts
    promote(store, "severity", champion=B)
    assert "attack" in read_pointer(store).rollouts
    promote(store, "attack", champion=B)
    assert read_pointer(store).rollouts == {}


@pytest.mark.parametrize("percent", [-1, 100.5, float("nan")])
def test_a_share_outside_0_to_100_is_refused(store: Store, percent: float) -> None:
    with pytest.raises(ConfigurationError, match="0 to 100"):
        start(store, "attack", percent=percent)


def test_a_rollout_without_a_comparison_is_refused(store: Store) -> None:
    with pytest.raises(ConfigurationError, match="promote first"):
        start(store, "severity")
    with pytest.raises(ConfigurationError, match="is the champion"):
        start(store, "attack", bundle=A)
    with pytest.raises(BundleRefused):
        start(store, "attack", bundle="d" * 64)
    assert read_pointer(store).rollouts == {}


def test_a_pointer_of_format_1_is_still_read(store: Store) -> None:
    content = json.loads(store.read(POINTER))
    del content["rollouts"]
    store.write(POINTER, json.dumps(content | {"format": 1}).encode())
    pointer = read_pointer(store)
    assert (pointer.tasks["attack"].champion, pointer.rollouts) == (A, {})


@pytest.mark.parametrize(
    "change", [{"mode": "maybe"}, {"percent": 101}, {"bundle": "x"}, {"percent": "a"}, {"extra": 1}]
)
def test_a_damaged_rollout_makes_the_pointer_invalid(store: Store, change: dict[str, object]) -> None:
    start(store, "attack")
    content = json.loads(store.read(POINTER))
    content["rollouts"]["attack"].update(change)
    store.write(POINTER, json.dumps(content).encode())
    with pytest.raises(StoreError, match="is damaged"):
        read_pointer(store)
