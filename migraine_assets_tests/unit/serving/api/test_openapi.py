"""The OpenAPI document agrees with the contract and the service."""

import re
from collections.abc import Iterator
from typing import Any

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


def test_every_operation_has_its_own_id() -> None:
    """The name of its function in a generated client."""
    names = [DOCUMENT["paths"][path][method]["operationId"] for path, method in OPERATIONS]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[a-z][a-z0-9_]*", name) for name in names)


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_body_has_a_named_schema(path: str, method: str) -> None:
    """Generators make a type of a named schema, and lose others or invent names that change."""
    operation = DOCUMENT["paths"][path][method]
    responses = operation["responses"]
    for body in (operation.get("requestBody", {}), *responses.values()):
        for kind, content in body.get("content", {}).items():
            assert "$ref" in content["schema"] or kind in ("text/plain", "text/html", "application/octet-stream"), kind
    # openapi-python-client knows no other media types of requests, and reads the first one of a response.
    known = {"application/json", "application/octet-stream"}
    assert set(operation.get("requestBody", {}).get("content", {})) <= known
    assert not responses.get("200") or next(iter(responses["200"]["content"])) in known | {"text/plain", "text/html"}
    problems = [body["content"] for status, body in responses.items() if status >= "400"]
    assert all(len(content) == 1 for content in problems)
    for parameter in operation.get("parameters", ()):
        assert {"type"} <= set(parameter["schema"])


def test_a_union_of_bodies_is_named() -> None:
    """Within other schemas there is only one of a type and null, or of plain values."""
    unions = [
        (name, shape)
        for name, schema in DOCUMENT["components"]["schemas"].items()
        if name != "PredictRequest"
        for shape in parts_of(schema)
        if sum("$ref" in part for part in shape.get("anyOf", ())) > 1
        or "oneOf" in shape
        or {} in shape.get("anyOf", ())
    ]
    assert unions == []


def test_every_value_has_a_type() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        for shape in parts_of(schema):
            assert {"type", "anyOf", "$ref"} & set(shape), (name, shape)
            assert "default" not in shape, "openapi-typescript takes a field with a default for a required one"


def test_no_schema_is_named_like_a_list_in_it() -> None:
    """openapi-python-client reads both into one variable, and its code does not pass type checks."""
    for name, schema in DOCUMENT["components"]["schemas"].items():
        field = schema.get("properties", {}).get(re.sub("(?<!^)(?=[A-Z])", "_", name).lower(), {})
        assert field.get("type") != "array", name


def parts_of(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield `schema` and every schema inside it."""
    yield schema
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    inner += [schema[key] for key in ("items", "additionalProperties") if isinstance(schema.get(key), dict)]
    for part in inner:
        yield from parts_of(part)


def test_api_keys_are_documented_where_they_are_required() -> None:
    assert "security" not in DOCUMENT
    assert openapi.document(ServingSettings(api_keys_required=True))["security"]


def test_problems_have_unique_names_and_error_statuses() -> None:
    assert all(400 <= kind.status < 600 for kind in problems.KINDS)
    assert len({kind.name for kind in problems.KINDS}) == len(problems.KINDS)
