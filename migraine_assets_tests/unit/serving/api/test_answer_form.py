"""The form that a client asks for by query and headers."""

import pytest
from starlette.requests import Request

from serving.api.answer_form import DEFAULT, form_of


def asked(query: str = "", **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "query_string": query.encode(), "headers": raw})


@pytest.mark.parametrize(
    ("query", "header", "language"),
    [("", "", "en"), ("", "fr", "fr"), ("language=es", "fr", "es"), ("language=tlh", "fr", "en"),
     ("rows=all", "de", "de"), ("language=%F0%9F%A4%95", "de", "en")],
)  # fmt: skip
def test_the_query_goes_before_the_header(query: str, header: str, language: str) -> None:
    assert form_of(asked(query, **({"accept_language": header} if header else {}))).language == language


@pytest.mark.parametrize(
    ("accept", "is_fhir"),
    [("application/fhir+json", True), ("Application/FHIR+json; fhirVersion=4.0, */*;q=0.1", True), ("*/*", False)],
)
def test_fhir_is_asked_for_by_its_media_type(accept: str, is_fhir: bool) -> None:
    form = form_of(asked(accept=accept))
    assert form.is_fhir == is_fhir
    assert form.media_type == ("application/fhir+json" if is_fhir else "application/json")


def test_nothing_asked_is_the_default() -> None:
    assert form_of(asked(host="x")) is DEFAULT
