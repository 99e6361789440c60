"""The environment, typed."""

from pathlib import Path

import pytest

from migraine_assets.settings import Settings

NAMES = ("HOME", "STORE_URI", "SOURCE", "MAPPING", "PARAMS", "MLFLOW_TRACKING_URI")


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in NAMES:
        monkeypatch.delenv(f"MIGRAINE_{name}", raising=False)
    monkeypatch.chdir(tmp_path)


def test_by_default_everything_lies_under_one_folder(tmp_path: Path) -> None:
    settings = Settings()
    assert settings.root == tmp_path / ".migraine"
    assert settings.store_location == str(tmp_path / ".migraine" / "store")
    assert settings.reports == tmp_path / ".migraine" / "reports"
    assert settings.landing == tmp_path / ".migraine" / "landing"
    assert settings.tracking_uri == f"sqlite:///{tmp_path}/.migraine/mlflow.db"
    assert not settings.root.exists(), "reading settings makes nothing"


def test_the_environment_is_read_when_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MIGRAINE_HOME", "elsewhere")
    assert Settings().root == tmp_path / "elsewhere"
    monkeypatch.setenv("MIGRAINE_HOME", "~/migraine")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert Settings().root == Path("/home/somebody/migraine")


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """As make and container files hand over what was not given."""
    bare = Settings()
    monkeypatch.setenv(f"MIGRAINE_{name}", "")
    assert Settings() == bare


def test_store_and_tracking_can_be_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIGRAINE_STORE_URI", "s3://bucket/migraine")
    monkeypatch.setenv("MIGRAINE_MLFLOW_TRACKING_URI", "http://mlflow:5000")
    assert Settings().store_location == "s3://bucket/migraine"
    assert Settings().tracking_uri == "http://mlflow:5000"
