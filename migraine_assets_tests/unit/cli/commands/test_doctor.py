"""`migraine doctor`: what is good is said to be, and what is bad is found."""

import shutil
from collections.abc import Callable

import pytest

from migraine_assets_tests.support.homes import Home


def test_a_fresh_home_is_in_order(home: Home) -> None:
    ended = home.migraine("doctor")
    assert ended.code == 0, ended.text
    assert "no champion yet" in ended.out


def test_a_trained_home_is_in_order(trained: Home) -> None:
    ended = trained.migraine("doctor")
    assert ended.code == 0, ended.text
    assert trained.pointer.tasks["attack"].champion[:12] in ended.out


def _alter_bundle(home: Home) -> None:
    model = home.root / "store" / "bundles" / home.pointer.tasks["attack"].champion / "model.onnx"
    model.write_bytes(model.read_bytes()[:-1] + b"\x00")


def _lose_delivery(home: Home) -> None:
    shutil.rmtree(home.root / "store" / "deliveries" / "files")


def _spoil_record(home: Home) -> None:
    (record,) = list((home.root / "store").rglob("000001*.json"))[:1]
    record.write_text("{")


def _spoil_params(home: Home) -> None:
    home.params.write_text("training: 5")


@pytest.mark.parametrize("harm", [_alter_bundle, _lose_delivery, _spoil_record, _spoil_params])
def test_what_is_damaged_is_found(trained: Home, copy_of: Callable[[Home], Home], harm: Callable[[Home], None]) -> None:
    home = copy_of(trained)
    harm(home)
    ended = home.migraine("doctor")
    assert ended.code == 2, ended.text
    assert "1 of 10 examinations failed" in ended.err
    assert "Traceback" not in ended.text


def test_a_store_that_cannot_be_opened_is_told(home: Home) -> None:
    ended = home.migraine("doctor", extra={"MIGRAINE_STORE_URI": "nosuch://bucket/x"})
    assert ended.code == 2, ended.text
    assert "The store 'nosuch://bucket/x' cannot be opened" in ended.text
    assert "fault of the platform" not in ended.text
