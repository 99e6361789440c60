from pathlib import Path

import pytest

from migraine_assets.errors import ConfigurationError
from serving.settings import ServingSettings


def test_variables_set_every_kind_of_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVING_PORT", "8123")
    monkeypatch.setenv("SERVING_CORS_ORIGINS", "https://a.example, https://b.example,")
    monkeypatch.setenv("SERVING_HAPROXY", "false")
    monkeypatch.setenv("SERVING_NODE_FOLDER", "/somewhere")
    settings = ServingSettings()
    assert settings.port == 8123
    assert settings.cors_origins == ("https://a.example", "https://b.example")
    assert not settings.haproxy
    assert settings.shared_folder == Path("/somewhere")


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "0"), ("RATE_LIMIT", "-1"), ("FLUSH_SECONDS", "0"), ("PORT", "x")]
)
def test_invalid_values_are_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"SERVING_{name}", value)
    with pytest.raises(ConfigurationError, match=f"SERVING_{name} is '{value}'; it must be "):
        ServingSettings()


def test_the_secret_is_not_shown() -> None:
    assert "hidden" not in repr(ServingSettings(secret="hidden"))


@pytest.mark.parametrize(
    ("host", "alone"),
    [("127.0.0.1", True), ("127.0.0.2", True), ("::1", True), ("localhost", True)]
    + [("0.0.0.0", False), ("::", False), ("192.0.2.1", False), ("localhost.example", False)],
)
def test_loopback_addresses_are_recognized(host: str, alone: bool) -> None:
    assert ServingSettings(host=host).loopback is alone
