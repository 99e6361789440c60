import threading
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from migraine_assets.stores.bundles.manifest import MODEL_FILE
from migraine_assets.stores.monitoring.pipeline_status import PipelineStatus, write_pipeline_status
from migraine_assets.stores.store import Store
from migraine_assets_tests.support.waiting import eventually
from migraine_assets_tests.unit.serving.trained import fresh_store, put_in_charge, settings, trained
from serving import services as module
from serving.services import Services, open_services


def problems(services: Services) -> float:
    families = text_string_to_metric_families(services.metrics.render().decode())
    return next(s.value for family in families for s in family.samples if s.name == "migraine_model_problems")


def test_a_refused_bundle_is_a_problem_until_another_is_promoted(tmp_path: Path) -> None:
    store, names = fresh_store(tmp_path), trained()[1]
    services = open_services(settings(tmp_path), store=store)
    try:
        assert problems(services) == 0
        put_in_charge(store, "attack", names["attack_2"])
        store.write(f"bundles/{names['attack_2']}/{MODEL_FILE}", b"damaged")
        assert services.models.check() == "refused"
        assert problems(services) == 1
        put_in_charge(store, "attack", names["attack_tree"])
        assert services.models.check() == "swapped"
        assert problems(services) == 0
    finally:
        services.close()


def test_before_the_first_promotion_there_is_no_problem_and_it_is_not_ready(tmp_path: Path) -> None:
    services = open_services(settings(tmp_path), store=Store(str(tmp_path / "store")))
    try:
        assert problems(services) == 0
        assert not services.models.current.ready
    finally:
        services.close()


class SlowStore(Store):
    """A store that stops responding once `gone` is set."""

    def __init__(self, uri: str) -> None:
        super().__init__(uri)
        self.gone, self.back = threading.Event(), threading.Event()

    def exists(self, name: str) -> bool:
        if self.gone.is_set() and name.startswith("monitoring/"):
            self.back.wait(30)
        return super().exists(name)


def test_an_unresponsive_store_does_not_delay_a_scrape(tmp_path: Path) -> None:
    store = SlowStore(str(tmp_path / "store"))
    store.gone.set()
    services = open_services(settings(tmp_path), store=store)
    try:
        scrape = threading.Thread(target=services.metrics.render)
        scrape.start()
        scrape.join(10)
        assert not scrape.is_alive()
    finally:
        store.back.set()
        services.close()


def test_published_metrics_appear_within_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PUBLISHED_SECONDS", 0.05)
    store = Store(str(tmp_path / "store"))
    services = open_services(settings(tmp_path), store=store)
    try:
        write_pipeline_status(store, PipelineStatus(published_at=1234.0))
        assert eventually(lambda: b"migraine_dagster_published_timestamp_seconds 1234.0" in services.metrics.render())
    finally:
        services.close()
