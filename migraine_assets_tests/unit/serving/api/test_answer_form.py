"""The form that a client asks for by query and headers."""

import pytest
from starlette.requests import Request

from serving.api.answer_form import DEFAULT, form_of


def request_with(query: str = "", **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "query_string": query.encode(), "headers": raw})


@pytest.mark.parametrize(
    ("query", "header", "language"),
    [("", "", "en"), ("", "fr", "fr"), ("language=es", "fr", "es"), ("language=tlh", "fr", "en"),
     ("rows=all", "de", "de"), ("language=%F0%9F%A4%95", "de", "en")],
)  # fmt: skip
def test_the_query_takes_precedence_over_the_header(query: str, header: str, language: str) -> None:
    assert form_of(request_with(query, **({"accept_language": header} if header else {}))).language == language


@pytest.mark.parametrize(
    ("accept", "is_fhir"),
    [("application/fhir+json", True), ("Application/FHIR+json; fhirVersion=4.0, */*;q=0.1", True), ("*/*", False)],
)
def test_fhir_is_selected_by_its_media_type(accept: str, is_fhir: bool) -> None:
    form = form_of(request_with(accept=accept))
    assert form.is_fhir == is_fhir
    assert form.media_type == ("application/fhir+json" if is_fhir else "application/json")


def test_a_request_without_preferences_gets_the_default() -> None:
    assert form_of(request_with(host="x")) is DEFAULT
