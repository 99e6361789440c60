"""Building blocks of the OpenAPI document: operations, bodies, responses, problems.

Not here: the endpoints (`serving.api.openapi`, `serving.api.openapi_diaries`).
"""

from typing import Any

from migraine_assets.sheet.period import DAYS, LEAST_DAYS, MOST_DAYS
from serving.api import fhir
from serving.api.openapi_schemas import ref
from serving.contract.problems import BY_NAME, MEDIA_TYPE, Kind
from serving.wording.languages import LANGUAGES

JSON = "application/json"
PERIOD = {
    "name": "days",
    "in": "query",
    "required": False,
    "schema": {"type": "integer", "minimum": LEAST_DAYS, "maximum": MOST_DAYS, "default": DAYS},
    "description": "Days of the period, up to the newest one.",
}

# Errors of every endpoint that needs a key if keys are required.
ACCESS = ("unauthorized", "rate-limited", "internal-error", "overloaded")
BODY = ("not-json", "timeout", "too-large", "unsupported-media-type", "invalid-request")


def operation(name: str, summary: str, responses: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return an operation of the document."""
    return {"operationId": name, "summary": summary, "responses": responses, **more}


def content(kind: str, shape: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the content of a body of the media type `kind`."""
    return {"content": {kind: {"schema": shape, **more}}}


def responses(name: str, kinds: tuple[str, ...]) -> dict[str, Any]:
    """Return the responses of an operation that returns `name`, with problems of `kinds`."""
    return {"200": {"description": "The response.", **content(JSON, ref(name))}, **problems(kinds)}


def html(kinds: tuple[str, ...]) -> dict[str, Any]:
    """Return the responses of an operation that returns a page, with problems of `kinds`."""
    page = {"description": "A page that can be printed on A4.", **content("text/html", {"type": "string"})}
    return {"200": page, **problems(kinds)}


def problems(kinds: tuple[str, ...], *, shape: str = "Problem", media: str = MEDIA_TYPE) -> dict[str, Any]:
    """Return the responses for problems of `kinds`, by status."""
    by_status: dict[str, list[Kind]] = {}
    for name in kinds:
        kind = BY_NAME[name]
        by_status.setdefault(str(kind.status), []).append(kind)
    return {
        status: {
            "description": " ".join(f"{kind.title}." for kind in same),
            **content(media, ref(shape)),
            **({"headers": {"Retry-After": {"schema": {"type": "string"}}}} if status in ("429", "503") else {}),
        }
        for status, same in sorted(by_status.items())
    }


def get(name: str, summary: str, response: str, kinds: tuple[str, ...]) -> dict[str, Any]:
    """Return an operation without a body that returns `response`."""
    return operation(name, summary, responses(response, kinds))


def body(shape: dict[str, Any], bodies: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return a JSON body of `shape` with examples by name."""
    named = {name: {"value": value} for name, value in bodies.items()}
    return {"required": True, **content(JSON, shape, examples=named)}


def languages() -> list[dict[str, Any]]:
    """Return the two parameters that choose the language of sentences."""
    text = "Language of the sentences in the answer; English if it is not one of them."
    return [
        {
            "name": "language",
            "in": "query",
            "required": False,
            "schema": {"type": "string"},
            "description": f"{text} One of {', '.join(LANGUAGES)}. Goes before Accept-Language.",
        },
        {
            "name": "Accept-Language",
            "in": "header",
            "required": False,
            "schema": {"type": "string"},
            "description": text,
        },
    ]


def with_fhir(responses: dict[str, Any]) -> dict[str, Any]:
    """Add to the responses of a forecast that it is also available as a FHIR resource; returns `responses`."""
    responses["200"]["content"][fhir.MEDIA_TYPE] = {"schema": ref("RiskAssessment")}
    return responses
