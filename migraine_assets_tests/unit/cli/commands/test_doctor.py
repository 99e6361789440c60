"""`migraine doctor`: a healthy home passes, and every kind of damage is detected."""

import json
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


def _damage_kept_diaries(home: Home) -> None:
    (home.root / "diaries.db").write_bytes(b"no database" * 1000)


@pytest.mark.parametrize(
    "damage", [_alter_bundle, _delete_delivery, _damage_record, _damage_params, _damage_kept_diaries]
)
def test_damage_is_detected(trained_home: Home, copy_of: CopyHome, damage: Callable[[Home], None]) -> None:
    home = copy_of(trained_home)
    damage(home)
    ended = home.migraine("doctor")
    assert ended.code == 2, ended.text
    assert "1 of 20 checks failed" in ended.err
    assert "Traceback" not in ended.text


def test_a_store_that_cannot_be_opened_is_explained(home: Home) -> None:
    ended = home.migraine("doctor", extra={"MIGRAINE_STORE_URI": "nosuch://bucket/x"})
    assert ended.code == 2, ended.text
    assert "The store 'nosuch://bucket/x' cannot be opened" in ended.text
    assert "bug in the platform" not in ended.text


def test_every_damaged_file_is_named_with_what_to_do(trained_home: Home, copy_of: CopyHome) -> None:
    home = copy_of(trained_home)
    store, serving = home.store, home.pointer.tasks["attack"].champion
    other = next(name for name in store.list("bundles") if name not in str(home.pointer))
    frame = f"frames/features/{store.list('frames/features')[0]}"
    damage = {
        frame: b"PAR1", "assets/folds.json": b"{}", f"bundles/{other}/manifest.json": b"{",
        f"bundles/{serving}/provenance.json": b"\xff", "registry/promotions/000001.json": b"{",
        "log/predictions/2026-03-01/a.jsonl": b"{}\n", "log/feedback/2026-03-01/a.jsonl": b"\xff\n",
        "monitoring/collected/predictions/2026-03-01.parquet": b"x",
        "monitoring/outcomes/2026-03-01.parquet": b"x", "monitoring/results/drift/2026-03-01.json": b"1",
        "monitoring/decisions/2026-03-01/1-x.json": b"{", "monitoring/figures.json": b"{",
        "monitoring/operations.json": b"1e400", "alerts/state/drift/x.json": b"{", "alerts/outbox/x.json": b"1",
        "serving/secret": b"", "serving/keys/0123456789ab.json": b"{", "deliveries/log/000002-x.json": b"{",
    }  # fmt: skip
    for path, content in damage.items():
        store.write(path, content)
    database = home.root / "mlflow.db"
    database.write_bytes(database.read_bytes()[:200_000])
    ended = home.migraine("doctor", "--json")
    assert ended.code == 2, ended.text
    details = "\n".join(check["detail"] for check in json.loads(ended.out)["checks"] if check["result"] == "failed")
    for path in damage:
        name = f"bundle {other[:12]}" if "manifest" in path else path
        lines = [line for line in details.splitlines() if name in line]
        assert lines, f"{path} is not in\n{details}"
        assert any(word in lines[0] for word in ("elete", "estore", "ove it")), lines[0]
    assert f"The database '{database}' is damaged" in details


def test_leftovers_are_removed_and_files_are_closed(home: Home) -> None:
    leftover = home.root / "store" / f".x.{'0' * 32}"
    leftover.parent.mkdir()
    leftover.write_bytes(b"P-1")
    (home.root / ".mlflow.db.new").write_bytes(b"")
    (home.root / "store" / "secret").write_bytes(b"")
    (home.root / "store" / "secret").chmod(0o644)
    ended = home.migraine("doctor")
    assert ended.code == 0, ended.text
    assert "2 unfinished files of killed writers removed" in ended.out
    assert "closed to other users" in ended.out
    assert not leftover.exists()
    assert not (home.root / ".mlflow.db.new").exists()
    assert (home.root / "store" / "secret").stat().st_mode & 0o777 == 0o600
    assert "0 unfinished files" in home.migraine("doctor").out
