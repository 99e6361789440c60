"""The OpenAPI document: every endpoint, every body, every answer, generated from the structs that do the work.

Here belong descriptions. Not here: what is accepted (`schema`), what is answered (`answers`).
"""

import copy
from functools import cache
from typing import Any

import msgspec

from migraine_assets.core import contract
from serving.api import batch
from serving.contract import examples, problems, requests
from serving.contract import responses as answers
from serving.input import arrow_files, tensors
from serving.settings import ServingSettings

TITLE = "Migraine forecasts"
VERSION = "1"
_DESCRIPTION = (
    "Post what a person entered in the diary and get tomorrow's risk, the likely severity, the reasons and the "
    "identity of the model. **Null means not asked, never 0.** Bodies are strict: unknown fields, duplicate keys, "
    "values out of bounds and dates out of order are refused with the path of the field and what is accepted "
    "(problem details, RFC 9457). A forecast is no diagnosis."
)
_REF = "#/components/schemas/"
_JSON, _PROBLEM = "application/json", problems.MEDIA_TYPE

# Told of every endpoint behind the door.
_DOOR = ("unauthorized", "rate-limited", "internal-error")
_BODY = ("not-json", "timeout", "too-large", "unsupported-media-type", "invalid-request")


_TYPES = (
    requests.DiaryRequest, requests.DayRequest, requests.FeedbackRequest, answers.Prediction, batch.Batch,
    problems.Problem, tensors.InferRequest, tensors.InferResponse,
    answers.Status, answers.Ready, answers.Recorded, answers.Models,
    answers.ProtocolError,
)  # fmt: skip


def document(settings: ServingSettings) -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    found = copy.deepcopy(_fixed())
    if settings.api_keys_required:
        found["security"] = [{"key": []}, {"bearer": []}]
    return found


@cache
def _fixed() -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": VERSION, "description": _DESCRIPTION},
        "paths": _paths(),
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _schemas() -> dict[str, Any]:
    _, found = msgspec.json.schema_components(_TYPES, ref_template=_REF + "{name}")
    for name in ("Entry", "DiaryRequest", "DayRequest", "FeedbackRequest"):
        for field, shape in found[name]["properties"].items():
            if field in contract.BY_NAME:
                described = contract.BY_NAME[field]
                shape["description"] = f"{described.description} {described.unit}".strip()
    found["Entry"]["description"] = "A day of the diary. A field that is absent or null was not asked."
    found["DiaryRequest"]["description"] = (
        f"1 to {requests.ENTRIES} days of one person, oldest first; the last one is 'today'. Look-back is 28 days."
    )
    found["DayRequest"]["description"] = "One day without history; without a date it is today."
    found["BatchRequest"] = _batch_request()
    return dict(sorted(found.items()))


def _batch_request() -> dict[str, Any]:
    """Written by hand: the struct keeps its items as raw JSON, so that each can fail alone."""
    text = f"Bodies of /predict, at most {requests.PEOPLE}; at most {batch.EXPLAINED} of them with explain."
    anything = {"description": "Whatever else: it gets a problem in its place, and the others their answers."}
    one = {"anyOf": [*_either()["anyOf"], anything]}
    items = {"type": "array", "minItems": 1, "maxItems": requests.PEOPLE, "items": one, "description": text}
    return {"type": "object", "additionalProperties": False, "required": ["items"], "properties": {"items": items}}


def _either() -> dict[str, Any]:
    return {"anyOf": [_ref("DiaryRequest"), _ref("DayRequest")]}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": _REF + name}


def _paths() -> dict[str, Any]:
    return {
        "/predict": {"post": _predict()},
        "/predict/batch": {"post": _batch()},
        "/feedback": {"post": _feedback()},
        "/models": {"get": _get("models", "The models that serve", "Models", _DOOR)},
        "/health": {"get": _get("health", "Whether the process answers", "Status", ("internal-error",))},
        "/ready": {
            "get": _get("ready", "Whether verified models are loaded", "Ready", ("not-ready", "internal-error"))
        },
        "/metrics": {"get": _metrics()},
        **_protocol(),
    }


def _operation(name: str, summary: str, responses: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"operationId": name, "summary": summary, "responses": responses, **more}


def _content(kind: str, shape: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"content": {kind: {"schema": shape, **more}}}


def _answers(name: str, kinds: tuple[str, ...]) -> dict[str, Any]:
    return {"200": {"description": "The answer.", **_content(_JSON, _ref(name))}, **_problems(kinds)}


def _problems(kinds: tuple[str, ...], *, shape: str = "Problem", media: str = _PROBLEM) -> dict[str, Any]:
    by_status: dict[str, list[problems.Kind]] = {}
    for name in kinds:
        kind = problems.BY_NAME[name]
        by_status.setdefault(str(kind.status), []).append(kind)
    return {
        status: {
            "description": " ".join(f"{kind.title}." for kind in same),
            **_content(media, _ref(shape)),
            **({"headers": {"Retry-After": {"schema": {"type": "string"}}}} if status in ("429", "503") else {}),
        }
        for status, same in sorted(by_status.items())
    }


def _get(name: str, summary: str, answer: str, kinds: tuple[str, ...]) -> dict[str, Any]:
    return _operation(name, summary, _answers(answer, kinds))


def _body(shape: dict[str, Any], found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    named = {name: {"value": value} for name, value in found.items()}
    return {"required": True, **_content(_JSON, shape, examples=named)}


def _predict() -> dict[str, Any]:
    body = _body(_either(), {"diary": examples.diary(), "one day without history": examples.flat()})
    kinds = (*_BODY, "not-ready", *_DOOR)
    return _operation("predict", "The risk of one person", _answers("Prediction", kinds), requestBody=body)


def _batch() -> dict[str, Any]:
    body = _body(_ref("BatchRequest"), {"two people": examples.batch()})
    responses = _answers("Batch", ("unreadable-table", "bad-request", *_BODY, "not-ready", *_DOOR))
    binary = {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}
    for kind in arrow_files.MEDIA_TYPES:
        body["content"][kind] = responses["200"]["content"][kind] = binary
    rows = {
        "name": "rows",
        "in": "query",
        "schema": {"enum": ["last", "all"], "default": "last"},
        "description": "For tables: one answer for each person's newest day, or one for each row.",
    }
    text = "JSON, or a table of diary days as Arrow IPC or Parquet; the answer has the media type of the request."
    return _operation(
        "predict_batch", "The risk of many people", responses, description=text, parameters=[rows], requestBody=body
    )


def _feedback() -> dict[str, Any]:
    body = _body(_ref("FeedbackRequest"), {"an attack": examples.feedback()})
    kinds = (*_BODY, "unknown-prediction", *_DOOR)
    text = "Late by days, and again with a correction: the last word on a prediction counts."
    return _operation("feedback", "What came true", _answers("Recorded", kinds), description=text, requestBody=body)


def _metrics() -> dict[str, Any]:
    text = {"description": "Prometheus' text form.", **_content("text/plain", {"type": "string"})}
    return _operation("metrics", "Metrics of all replicas of the node", {"200": text, **_problems(("internal-error",))})


def _protocol() -> dict[str, Any]:
    def answer(kinds: tuple[str, ...], shape: dict[str, Any] | None = None) -> dict[str, Any]:
        good = {"description": "The answer.", **_content(_JSON, shape or {"type": "object"})}
        refused = _problems(kinds, shape="ProtocolError", media=_JSON)
        return {"200": good, **refused, **_problems(_DOOR)}

    name = [{"name": "name", "in": "path", "required": True, "schema": {"enum": ["attack", "severity"]}}]
    missing = ("not-found", "not-ready")
    body = _body(_ref("InferRequest"), {"nothing known": examples.infer(1)})
    asked = ("unreadable-tensors", "timeout", "too-large", "unsupported-media-type", *missing)
    tag = {"tags": ["Open Inference Protocol"]}
    ready = {
        "200": answer(())["200"],
        "503": {"description": "No model serves yet.", **_content(_JSON, {"type": "object"})},
    }
    infer = answer(asked, _ref("InferResponse"))
    infer["200"]["content"]["application/octet-stream"] = {"schema": {"type": "string"}}
    return {
        "/v2": {"get": _operation("v2_server", "The server", answer(()), **tag)},
        "/v2/health/live": {"get": _operation("v2_live", "Alive", {"200": answer(())["200"]}, **tag)},
        "/v2/health/ready": {"get": _operation("v2_ready", "Ready", ready, **tag)},
        "/v2/models/{name}": {"get": _operation("v2_model", "A model", answer(missing), parameters=name, **tag)},
        "/v2/models/{name}/ready": {
            "get": _operation("v2_model_ready", "Whether a model is ready", answer(missing), parameters=name, **tag)
        },
        "/v2/models/{name}/infer": {
            "post": _operation("v2_infer", "Ask a model for features", infer, parameters=name, requestBody=body, **tag)
        },
    }
