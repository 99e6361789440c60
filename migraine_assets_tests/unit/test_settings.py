"""Settings from the environment."""

from pathlib import Path

import pytest

from migraine_assets.errors import ConfigurationError
from migraine_assets.settings import Settings

NAMES = (
    "HOME", "STORE_URI", "SOURCE", "MAPPING", "PARAMS", "MLFLOW_TRACKING_URI", "AUTOMATION", "ALERT_URLS", "PUBLIC_URL",
    "SERVICE_URL", "EXECUTOR", "MLFLOW_URL", "REPORTS_URL",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in NAMES:
        monkeypatch.delenv(f"MIGRAINE_{name}", raising=False)
    monkeypatch.chdir(tmp_path)


def test_by_default_all_state_is_under_one_folder(tmp_path: Path) -> None:
    settings = Settings()
    assert settings.root == tmp_path / ".migraine"
    assert settings.store_location == str(tmp_path / ".migraine" / "store")
    assert settings.reports == tmp_path / ".migraine" / "reports"
    assert settings.landing == tmp_path / ".migraine" / "landing"
    assert settings.tracking_uri == f"sqlite:///{tmp_path}/.migraine/mlflow.db"
    assert not settings.root.exists(), "reading settings creates nothing"


def test_the_environment_is_read_on_each_call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MIGRAINE_HOME", "elsewhere")
    assert Settings().root == tmp_path / "elsewhere"
    monkeypatch.setenv("MIGRAINE_HOME", "~/migraine")
    monkeypatch.setenv("HOME", "/home/user")
    assert Settings().root == Path("/home/user/migraine")


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """make and Compose pass unset variables as empty ones."""
    bare = Settings()
    monkeypatch.setenv(f"MIGRAINE_{name}", "")
    assert Settings() == bare


def test_store_and_tracking_can_be_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIGRAINE_STORE_URI", "s3://bucket/migraine")
    monkeypatch.setenv("MIGRAINE_MLFLOW_TRACKING_URI", "http://mlflow:5000")
    assert Settings().store_location == "s3://bucket/migraine"
    assert Settings().tracking_uri == "http://mlflow:5000"


@pytest.mark.parametrize(("text", "on"), [("on", True), ("ON", True), ("1", True), ("off", False), ("false", False)])
def test_automation_is_switched_by_a_word(monkeypatch: pytest.MonkeyPatch, text: str, on: bool) -> None:
    monkeypatch.setenv("MIGRAINE_AUTOMATION", text)
    assert Settings().automation is on


def test_an_invalid_switch_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIGRAINE_AUTOMATION", "perhaps")
    with pytest.raises(ConfigurationError, match=r"MIGRAINE_AUTOMATION is 'perhaps'; it must be on or off\."):
        Settings()


def test_alert_urls_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIGRAINE_ALERT_URLS", "mailtos://user:hunter22@mail.example.org")
    settings = Settings()
    assert "hunter22" not in repr(settings) + str(settings) + settings.model_dump_json()
    assert settings.channel_urls == "mailtos://user:hunter22@mail.example.org"


def test_an_unknown_executor_is_refused_and_the_known_ones_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIGRAINE_EXECUTOR", "celery")
    with pytest.raises(ConfigurationError, match="must be 'in_process', 'multiprocess' or 'k8s_job'"):
        Settings()
    monkeypatch.setenv("MIGRAINE_EXECUTOR", "k8s_job")
    assert Settings().executor == "k8s_job"


@pytest.mark.parametrize(
    ("variables", "mlflow", "reports"),
    [
        ({}, "http://127.0.0.1:5000", "http://127.0.0.1:3002"),
        ({"MLFLOW_TRACKING_URI": "http://mlflow:5000/"}, "http://mlflow:5000", None),
        ({"MLFLOW_TRACKING_URI": "postgresql://db/mlflow"}, None, None),
        (
            {
                "MLFLOW_TRACKING_URI": "http://mlflow:5000",
                "MLFLOW_URL": "https://m.example/",
                "REPORTS_URL": "https://r/",
            },
            "https://m.example",
            "https://r",
        ),
    ],
)
def test_links_lead_to_where_the_pages_are_served(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], mlflow: str | None, reports: str | None
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"MIGRAINE_{name}", value)
    assert (Settings().mlflow_address, Settings().reports_address) == (mlflow, reports)
