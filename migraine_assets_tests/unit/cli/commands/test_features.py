"""`migraine features export`: the rows of training, with the time from which they are known."""

import stat
from pathlib import Path

import pandas as pd
import pytest
import yaml

from migraine_assets.defs.refs import current
from migraine_assets.stores.assets.frames import read_frame
from migraine_assets_tests.support.homes import Home


def test_the_offline_store_has_the_features_of_every_day(trained_home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "feast"
    done = trained_home.migraine("features", "export", "--feast", str(folder))
    assert done.code == 0, done.text
    features = current(trained_home.store, "features")
    frame, table = read_frame(trained_home.store, features.frame), pd.read_parquet(folder / "data" / "features.parquet")
    assert list(table.columns) == ["participant_id", "event_timestamp", *features.names]
    assert (table["event_timestamp"] == (frame["date"] + pd.Timedelta(days=1)).dt.tz_localize("UTC")).all()
    assert table["participant_id"].tolist() == frame["participant_id"].tolist()
    pd.testing.assert_frame_equal(table[list(features.names)], frame[list(features.names)], check_exact=True)
    assert f"{len(features.names)} features of {len(frame):,} days" in done.out
    definitions = (folder / "features.py").read_text()
    compile(definitions, "features.py", "exec")
    assert all(f"Field(name={name!r}, " in definitions for name in features.names)
    assert "target_attack" not in definitions
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()} == {0o600}


def test_a_repository_keeps_the_settings_of_its_owner(trained_home: Home, tmp_path: Path) -> None:
    assert trained_home.migraine("features", "export", "--feast", str(tmp_path), "--redis", "r:6379").code == 0
    settings = tmp_path / "feature_store.yaml"
    assert yaml.safe_load(settings.read_text())["online_store"] == {"type": "redis", "connection_string": "r:6379"}
    settings.write_text("project: mine\n")
    (tmp_path / "data" / "features.parquet").write_bytes(b"old")
    assert trained_home.migraine("features", "export", "--feast", str(tmp_path)).code == 0
    assert settings.read_text() == "project: mine\n"
    assert len(pd.read_parquet(tmp_path / "data" / "features.parquet"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "feature_store.yaml", "features.py"]


@pytest.mark.parametrize(("folder", "code"), [("/proc/nowhere", 1), (None, 3)])
def test_a_wrong_call_is_explained(trained_home: Home, home: Home, folder: str | None, code: int) -> None:
    used = trained_home if folder else home
    done = used.migraine("features", "export", "--feast", folder or "x")
    assert (done.code, ("cannot be written" if folder else "no features yet") in done.err) == (code, True), done.text
