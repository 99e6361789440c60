"""`migraine doctor`: a healthy home passes, and every kind of damage is detected."""

import shutil
from collections.abc import Callable

import pytest

from migraine_assets_tests.support.homes import CopyHome, Home


def test_a_fresh_home_passes(home: Home) -> None:
    ended = home.migraine("doctor")
    assert ended.code == 0, ended.text
    assert "no champion yet" in ended.out


def test_a_trained_home_passes(trained_home: Home) -> None:
    ended = trained_home.migraine("doctor")
    assert ended.code == 0, ended.text
    assert trained_home.pointer.tasks["attack"].champion[:12] in ended.out


def _alter_bundle(home: Home) -> None:
    model = home.root / "store" / "bundles" / home.pointer.tasks["attack"].champion / "model.onnx"
    model.write_bytes(model.read_bytes()[:-1] + b"\x00")


def _delete_delivery(home: Home) -> None:
    shutil.rmtree(home.root / "store" / "deliveries" / "files")


def _damage_record(home: Home) -> None:
    (record,) = list((home.root / "store").rglob("000001*.json"))[:1]
    record.write_text("{")


def _damage_params(home: Home) -> None:
    home.params.write_text("training: 5")


@pytest.mark.parametrize("damage", [_alter_bundle, _delete_delivery, _damage_record, _damage_params])
def test_damage_is_detected(trained_home: Home, copy_of: CopyHome, damage: Callable[[Home], None]) -> None:
    home = copy_of(trained_home)
    damage(home)
    ended = home.migraine("doctor")
    assert ended.code == 2, ended.text
    assert "1 of 10 checks failed" in ended.err
    assert "Traceback" not in ended.text


def test_a_store_that_cannot_be_opened_is_explained(home: Home) -> None:
    ended = home.migraine("doctor", extra={"MIGRAINE_STORE_URI": "nosuch://bucket/x"})
    assert ended.code == 2, ended.text
    assert "The store 'nosuch://bucket/x' cannot be opened" in ended.text
    assert "bug in the platform" not in ended.text
