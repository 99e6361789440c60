from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from migraine_assets.stores.filesystem import Store
from migraine_assets.stores.manifest import MODEL_FILE
from migraine_assets_tests.serving.trained import fresh_store, put_in_charge, settings, trained
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


def test_nothing_promoted_yet_is_no_problem_but_not_ready(tmp_path: Path) -> None:
    services = open_services(settings(tmp_path), store=Store(str(tmp_path / "store")))
    try:
        assert problems(services) == 0
        assert not services.models.current.ready
    finally:
        services.close()
