from pathlib import Path

from migraine_assets.core.contract import CONTRACT
from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.serving.trained import fresh_store, running


def test_every_field_of_the_contract_is_described(tmp_path: Path) -> None:
    with running(fresh_store(tmp_path), tmp_path) as (client, services):
        document = client.get("/contract").json()
        served = services.predictor.models.tasks["attack"].champion
    fields = {field["name"]: field for field in document["fields"]}
    assert list(fields) == list(CONTRACT.names())
    for field in CONTRACT.fields:
        described = fields[field.name]
        assert [described[name] for name in ("kind", "role", "description", "unit", "low", "high")] == [
            field.kind, field.role, field.description, field.unit, field.low, field.high
        ]  # fmt: skip
        assert described["categories"] == list(field.categories)
    assert {"name": "gender", "recode": {"0": "M", "1": "F"}} in fields["sex"]["aliases"]
    assert fields["sex"]["spellings"]["weiblich"] == "F"
    assert fields["stress_level"]["used"]
    assert not fields["participant_id"]["used"]
    assert document["least_known_days"] == served.least_days > 0
    assert document["simulated_model"] is served.simulated
    assert (document["entries"], document["look_back_days"]) == (90, 28)


def test_before_a_model_is_loaded_the_fields_are_those_of_the_source(tmp_path: Path) -> None:
    with running(Store(str(tmp_path / "store")), tmp_path, least_history_days=3) as (client, _):
        document = client.get("/contract").json()
    assert len(document["fields"]) == len(CONTRACT.fields)
    assert not any(field["used"] for field in document["fields"])
    assert document["least_known_days"] == 3
