"""The endpoints of kept diaries in the OpenAPI document.

Not here: their handlers (`serving.api.diaries`, `serving.api.forecast`, `serving.api.sheet`), their bodies
(`serving.contract.requests`).
"""

from typing import Any

from serving.api import openapi_parts as parts
from serving.api.diaries import MARK_LENGTH, MOST_LISTED
from serving.api.forecasts import MOST_FORECAST
from serving.api.openapi_schemas import ref
from serving.contract import examples
from serving.contract.requests import PARTICIPANT

_ACCESS = ("not-found", "unknown-diary", "invalid-request", "diaries-unavailable", *parts.ACCESS)
_TAG = {"tags": ["Kept diaries"]}


def paths() -> dict[str, Any]:
    """Return the operations by path and method."""
    diary, days, day = "/diaries/{participant}", "/diaries/{participant}/days", "/diaries/{participant}/days/{date}"
    return {
        "/diaries": {
            "get": _list("get_participants", "The participants of the API key", "KeptParticipants", MOST_LISTED)
        },
        diary: {
            "get": _get("get_diary", "The whole diary", "KeptDiary", _PARTICIPANT),
            "put": _put("put_profile", "Set values that do not change from day to day", "ProfileChange", "KeptProfile"),
            "delete": _delete("delete_diary", "Delete the diary", _PARTICIPANT),
        },
        days: {
            "get": _get("get_days", "Days of the diary", "KeptDays", _PARTICIPANT, *_RANGE),
            "delete": _delete("delete_days", "Delete all days", _PARTICIPANT),
        },
        day: {
            "get": _get("get_day", "A day", "KeptDay", _PARTICIPANT, _DATE),
            "put": _put("put_day", "Keep a day, or some fields of it", "DayChange", "KeptDay", _DATE),
            "delete": _delete("delete_day", "Delete a day", _PARTICIPANT, _DATE),
        },
        "/forecast/{participant}": {"get": _forecast()},
        "/forecasts": {"get": _forecasts()},
        "/sheet/{participant}": {"get": _sheet()},
    }


def _parameter(name: str, where: str, shape: dict[str, Any], text: str) -> dict[str, Any]:
    return {"name": name, "in": where, "required": where == "path", "schema": shape, "description": text}


_DAY: dict[str, Any] = {"type": "string", "format": "date"}
_PARTICIPANT = _parameter("participant", "path", {"type": "string", "pattern": PARTICIPANT}, "A pseudonym.")
_DATE = _parameter("date", "path", _DAY, "The day, not in the future.")
_RANGE = (
    _parameter("from", "query", _DAY, "The first day; by default that of the diary."),
    _parameter("to", "query", _DAY, "The last day; by default that of the diary."),
)


def _get(name: str, summary: str, response: str, *parameters: dict[str, Any]) -> dict[str, Any]:
    return parts.operation(name, summary, parts.responses(response, _ACCESS), parameters=list(parameters), **_TAG)


def _put(name: str, summary: str, body: str, response: str, *more: dict[str, Any]) -> dict[str, Any]:
    example = examples.kept_profile() if body == "ProfileChange" else examples.kept_day()
    kinds = ("limit-reached", *parts.BODY, *(kind for kind in _ACCESS if kind not in ("unknown-diary", *parts.BODY)))
    text = "The request may be repeated. The change is on the disk before the answer is sent."
    return parts.operation(
        name,
        summary,
        parts.responses(response, kinds),
        description=text,
        parameters=[_PARTICIPANT, *more],
        requestBody=parts.body(ref(body), {"an example": example}),
        **_TAG,
    )


def _delete(name: str, summary: str, *parameters: dict[str, Any]) -> dict[str, Any]:
    responses = {"204": {"description": "Deleted, with all earlier values."}, **parts.problems(_ACCESS)}
    return parts.operation(name, summary, responses, parameters=list(parameters), **_TAG)


def _list(name: str, summary: str, response: str, most: int, *also: str) -> dict[str, Any]:
    limit: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": most, "default": most}
    parameters = (
        _parameter("after", "query", {"type": "string", "maxLength": MARK_LENGTH}, "`next` of the previous answer."),
        _parameter("limit", "query", limit, "The largest number of participants in the answer."),
    )
    kinds = (*also, *(kind for kind in _ACCESS if kind != "unknown-diary"))
    return parts.operation(name, summary, parts.responses(response, kinds), parameters=list(parameters), **_TAG)


def _forecasts() -> dict[str, Any]:
    listed = _list("forecasts", "The next day of the participants", "ParticipantForecasts", MOST_FORECAST, "not-ready")
    return listed | {"parameters": [*listed["parameters"], *parts.languages()]}


def _forecast() -> dict[str, Any]:
    parameters = (
        _PARTICIPANT,
        _parameter("day", "query", _DAY, 'The day that is "today"; by default the newest kept day.'),
        _parameter("explain", "query", {"type": "boolean", "default": False}, "Whether to add reasons."),
    )
    text = "The answer of /predict for the kept days."
    responses = parts.with_fhir(parts.responses("Prediction", ("not-ready", *_ACCESS)))
    return parts.operation(
        "forecast",
        "Predict from a kept diary",
        responses,
        description=text,
        parameters=[*parameters, *parts.languages()],
        **_TAG,
    )


def _sheet() -> dict[str, Any]:
    return parts.operation(
        "sheet",
        "The sheet of a kept diary for a doctor",
        parts.html(_ACCESS),
        parameters=[_PARTICIPANT, parts.PERIOD],
        **_TAG,
    )
