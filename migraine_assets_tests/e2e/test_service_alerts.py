"""Alerts about a real service: a damaged bundle is promoted, then the process is killed."""

import datetime as dt
import signal

from migraine_assets.cli.dagster.instance import open_instance
from migraine_assets.settings import Settings
from migraine_assets.stores.bundles.bundles import write_bundle
from migraine_assets.stores.registry.champions import promote
from migraine_assets_tests.support.homes import Home
from migraine_assets_tests.support.receivers import webhook
from migraine_assets_tests.support.service import Service, put_champion
from migraine_assets_tests.support.waiting import eventually
from migraine_assets_tests.unit.defs.alerting.evaluating import Daemon
from migraine_assets_tests.unit.stores.bundles.example_bundles import example_manifest, example_model


def test_a_damaged_bundle_and_a_killed_service_open_and_close_alerts(home: Home) -> None:
    put_champion(home.store, weight=1.0)
    service = Service(home.root, ("--plain",))
    try:
        assert eventually(lambda: service.responds("/ready")), service.output.read_text()
        with home.entered(), open_instance(Settings()) as instance, webhook() as receiver:
            url = {"MIGRAINE_SERVICE_URL": f"http://127.0.0.1:{service.port}"}
            daemon = Daemon(home, instance, receiver, now=dt.datetime.now(dt.UTC), extra=url)
            assert "0 requests in the last 5 minutes" in _tick(daemon)
            _promote_damaged(home)
            assert eventually(lambda: service.metric("migraine_model_problems") > 0)
            _tick(daemon)
            put_champion(home.store, weight=3.0)
            assert eventually(lambda: service.metric("migraine_model_problems") == 0)
            _tick(daemon)
            service.stop(signal.SIGKILL)
            _tick(daemon)
            _tick(daemon)
        assert receiver.titles == [
            "Model bundle refused: service (critical)",
            "Resolved: Model bundle refused: service",
            "Service down: service (critical)",
        ]
        assert "Model: attack logistic_regression" in receiver.accepted[0]["message"]
    finally:
        service.stop(signal.SIGKILL)


def _tick(daemon: Daemon) -> str:
    daemon.wait(minutes=1)
    return daemon.evaluate("alert_service")


def _promote_damaged(home: Home) -> None:
    """Promote a bundle whose model was altered after it was written, without verification."""
    model = example_model(weight=2.0)
    bundle = write_bundle(home.store, example_manifest(model), model)
    home.store.write(f"bundles/{bundle}/model.onnx", model[:-1] + b"\x00")
    now = dt.datetime.now(dt.UTC)
    promote(home.store, "attack", champion=bundle, who="test", when=now, why=("test",), verify=lambda *_: None)
