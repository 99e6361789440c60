"""Alert sensors: whether they are on by default, and the repetition of a failed tick."""

import dagster as dg
import pytest

from migraine_assets.definitions import build_defs
from migraine_assets.defs.alerting.sensors import TABLE, alert_sensors
from migraine_assets.errors import ConfigurationError, StoreError
from migraine_assets_tests.support.homes import Home
from migraine_assets_tests.unit.defs.alerting.evaluating import Daemon

WEBHOOKS = '{"app": {"url": "https://app.example", "secret": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}}'


@pytest.mark.parametrize(
    ("extra", "on"),
    [
        ({}, False),
        ({"MIGRAINE_AUTOMATION": "off"}, False),
        ({"MIGRAINE_AUTOMATION": "on"}, True),
        ({"MIGRAINE_ALERT_URLS": "json://127.0.0.1:9/x"}, True),
        ({"MIGRAINE_ALERT_URLS": "  "}, False),
        ({"MIGRAINE_WEBHOOKS": WEBHOOKS}, True),
    ],
)
def test_they_are_on_with_a_channel_or_with_automation(home: Home, extra: dict[str, str], on: bool) -> None:
    with home.entered(extra):
        repository = build_defs().get_repository_def()
    wanted = dg.DefaultSensorStatus.RUNNING if on else dg.DefaultSensorStatus.STOPPED
    assert {repository.get_sensor_def(line.name).default_status for line in TABLE} == {wanted}


def test_webhooks_that_cannot_be_read_stop_the_code_from_loading_and_not_the_alerts(home: Home) -> None:
    with home.entered({"MIGRAINE_WEBHOOKS": "{"}), pytest.raises(ConfigurationError, match="not a JSON object"):
        build_defs()


def test_each_has_a_name_a_description_and_an_interval() -> None:
    sensors = alert_sensors(running=False)
    assert [one.name for one in sensors] == [line.name for line in TABLE]
    assert all((one.description or "").endswith(".") for one in sensors)
    assert all(30 <= (one.minimum_interval_seconds or 0) <= 300 for one in sensors)


def test_an_evaluation_whose_alert_could_not_be_sent_is_repeated_with_the_old_cursor(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a full disk and a channel that is down, the cursor must not pass an unsent alert."""
    daemon.extra = {"MIGRAINE_SERVICE_URL": "http://127.0.0.1:9"}
    daemon.evaluate("alert_service")
    before = daemon.cursors["alert_service"]
    daemon.receiver.status = 500

    def full(*_: object, **__: object) -> None:
        raise StoreError("No space left on device.")

    with monkeypatch.context() as patch:
        patch.setattr("migraine_assets.stores.store.Store.write", full)
        with pytest.raises(StoreError, match="neither stored nor sent"):
            daemon.evaluate("alert_service")
    assert daemon.cursors["alert_service"] == before
    daemon.receiver.status = 200
    daemon.evaluate("alert_service")
    assert daemon.receiver.titles == ["Service down: service (critical)"]
