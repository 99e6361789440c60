"""Forecasts as FHIR R4 RiskAssessment: the elements that the resource requires, and its rules."""

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from migraine_assets_tests.unit.serving.trained import fresh_store, history, running

FHIR = {"accept": "application/fhir+json"}
STATUS = {"registered", "preliminary", "final", "amended", "corrected", "cancelled", "entered-in-error", "unknown"}
ELEMENTS = {"resourceType", "identifier", "status", "subject", "occurrenceDateTime", "method", "prediction", "note"}
OF_PREDICTION = {"outcome", "probabilityDecimal", "qualitativeRisk", "relativeRisk", "rationale", "whenPeriod"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("fhir")
    with running(fresh_store(folder), folder) as (client, _):
        yield client


def ask(client: httpx.Client, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    response = client.post("/predict", json=body, headers=FHIR | headers)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/fhir+json"
    resource: dict[str, Any] = response.json()
    assert set(resource) <= ELEMENTS
    assert resource["resourceType"] == "RiskAssessment"
    assert resource["status"] in STATUS
    assert resource["subject"]
    assert dt.datetime.fromisoformat(resource["occurrenceDateTime"]).tzinfo is not None
    return resource


def test_a_forecast_is_a_risk_assessment(client: httpx.Client) -> None:
    body = {"participant_id": "P-0042", "entries": history()}
    plain = client.post("/predict", json=body).json()
    resource = ask(client, body)
    [prediction] = resource["prediction"]
    assert set(prediction) == OF_PREDICTION
    assert prediction["probabilityDecimal"] == pytest.approx(100 * plain["attack"]["probability"], abs=1e-3)
    assert Decimal(str(prediction["probabilityDecimal"])) <= 100
    assert prediction["relativeRisk"] == pytest.approx(plain["attack"]["relative_to_usual"]["ratio"], abs=1e-3)
    assert prediction["whenPeriod"] == {"start": plain["for_date"], "end": plain["for_date"]}
    assert prediction["qualitativeRisk"]["coding"][0]["code"] in {"negligible", "low", "moderate", "high", "certain"}
    assert resource["subject"] == {"identifier": {"value": "P-0042"}}
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", resource["identifier"][0]["value"])
    assert plain["model"]["attack"]["bundle"] in resource["method"]["text"]


def test_its_sentence_is_in_the_language_of_the_client(client: httpx.Client) -> None:
    [prediction] = ask(client, {"entries": history()}, **{"accept-language": "de"})["prediction"]
    assert "an einem durchschnittlichen Tag" in prediction["rationale"]


def test_an_abstention_is_cancelled_with_its_reason(client: httpx.Client) -> None:
    resource = ask(client, {"entries": history(2)})
    assert resource["status"] == "cancelled"
    assert "prediction" not in resource
    assert "makes no prediction" in resource["note"][0]["text"]
    assert resource["subject"] == {"display": "anonymous"}


def test_an_error_stays_a_problem(client: httpx.Client) -> None:
    response = client.post("/predict", json={"age": 5}, headers=FHIR)
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")
