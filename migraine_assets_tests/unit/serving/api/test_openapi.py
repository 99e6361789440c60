"""The OpenAPI document agrees with the contract and the service."""

import pytest

from migraine_assets.core import contract
from serving.api import openapi
from serving.contract import problems
from serving.settings import ServingSettings

DOCUMENT = openapi.document(ServingSettings())
OPERATIONS = [(path, method) for path, operations in DOCUMENT["paths"].items() for method in operations]


def test_every_field_of_the_contract_is_described_with_its_bounds() -> None:
    fields = DOCUMENT["components"]["schemas"]["Entry"]["properties"]
    assert set(fields) == set(contract.NAMES) - {"participant_id"}
    for field in contract.FIELDS:
        if field.kind == "number" and field.low is not None:
            assert fields[field.name]["anyOf"][0]["minimum"] == field.low
            assert field.description in fields[field.name]["description"]


def test_unknown_fields_are_excluded() -> None:
    for name in ("Entry", "DiaryRequest", "DayRequest", "BatchRequest", "FeedbackRequest"):
        assert DOCUMENT["components"]["schemas"][name]["additionalProperties"] is False


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_response_has_a_description_and_a_schema(path: str, method: str) -> None:
    operation = DOCUMENT["paths"][path][method]
    assert operation["operationId"]
    assert {"200", "204"} & set(operation["responses"])
    for status, response in operation["responses"].items():
        assert response["description"], (path, status)
        assert ("content" in response) == (status != "204")
    if path.startswith("/predict"):
        assert {"400", "401", "408", "413", "415", "422", "429", "500", "503"} <= set(operation["responses"])


def test_every_reference_resolves() -> None:
    def references(value: object) -> list[str]:
        if isinstance(value, dict):
            direct = [value["$ref"]] if "$ref" in value else []
            return direct + [name for item in value.values() for name in references(item)]
        return [name for item in value for name in references(item)] if isinstance(value, list) else []

    known = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    assert set(references(DOCUMENT)) <= known


def test_api_keys_are_documented_where_they_are_required() -> None:
    assert "security" not in DOCUMENT
    assert openapi.document(ServingSettings(api_keys_required=True))["security"]


def test_problems_have_unique_names_and_error_statuses() -> None:
    assert all(400 <= kind.status < 600 for kind in problems.KINDS)
    assert len({kind.name for kind in problems.KINDS}) == len(problems.KINDS)
