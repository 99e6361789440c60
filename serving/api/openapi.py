"""The OpenAPI document: every endpoint with its parameters, bodies and errors.

Not here: the schemas of bodies (`serving.api.openapi_schemas`), example bodies (`serving.contract.examples`).
"""

import copy
import math
from functools import lru_cache
from typing import Any, NamedTuple

from serving.api.openapi_schemas import predict_body, ref, schemas_of
from serving.contract import examples, problems
from serving.contract.requests import DEFAULT, RequestSchema
from serving.input import arrow_files
from serving.settings import ServingSettings

TITLE = "Migraine forecasts"
VERSION = "1"
_DESCRIPTION = (
    "Post diary days of a participant and get the risk of an attack tomorrow, its expected severity, the reasons and "
    "the identity of the model. **Null means not asked, never 0.** Bodies are strict: unknown fields, duplicate keys, "
    "values out of bounds and dates out of order are refused with the path of each field and what is accepted "
    "(problem details, RFC 9457). Common aliases (gender, severity) are understood, and the answer names them as "
    "`interpreted`. A forecast is not a diagnosis."
)
_JSON, _PROBLEM = "application/json", problems.MEDIA_TYPE

# Errors of every endpoint that needs a key if keys are required.
_ACCESS = ("unauthorized", "rate-limited", "internal-error", "overloaded")
_BODY = ("not-json", "timeout", "too-large", "unsupported-media-type", "invalid-request")


class Examples(NamedTuple):
    """What the served models require of the examples, so that they are not answered by an abstention.

    `history`: whether the models abstain from a day without history. `row`: the features of a typical day.
    """

    history: bool = True
    row: tuple[float, ...] = (math.nan,)


_BEFORE_A_MODEL = Examples()


def document(
    settings: ServingSettings, schema: RequestSchema = DEFAULT, chosen: Examples = _BEFORE_A_MODEL
) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the bodies of `schema`, with examples that suit the served models."""
    content = copy.deepcopy(_content_without_security(schema, chosen))
    if settings.api_keys_required:
        content["security"] = [{"key": []}, {"bearer": []}]
    return content


@lru_cache(maxsize=16)
def _content_without_security(schema: RequestSchema, chosen: Examples) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": VERSION, "description": _DESCRIPTION},
        "paths": _paths(chosen),
        "components": {
            "schemas": schemas_of(schema),
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _paths(chosen: Examples) -> dict[str, Any]:
    return {
        "/": {"get": _get("index", "The endpoints of this service", "Index", _ACCESS)},
        "/predict": {"post": _predict(chosen)},
        "/predict/batch": {"post": _batch(chosen)},
        "/feedback": {"post": _feedback()},
        "/contract": {"get": _get("contract", "The fields of a diary", "DiaryContract", _ACCESS)},
        "/models": {"get": _get("models", "The models that serve", "Models", _ACCESS)},
        "/health": {"get": _get("health", "Whether the process is alive", "Status", ("internal-error",))},
        "/ready": {
            "get": _get("ready", "Whether verified models are loaded", "Ready", ("not-ready", "internal-error"))
        },
        "/metrics": {"get": _metrics()},
        **_protocol(chosen),
    }


def _operation(name: str, summary: str, responses: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"operationId": name, "summary": summary, "responses": responses, **more}


def _content(kind: str, shape: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"content": {kind: {"schema": shape, **more}}}


def _responses(name: str, kinds: tuple[str, ...]) -> dict[str, Any]:
    return {"200": {"description": "The response.", **_content(_JSON, ref(name))}, **_problems(kinds)}


def _problems(kinds: tuple[str, ...], *, shape: str = "Problem", media: str = _PROBLEM) -> dict[str, Any]:
    by_status: dict[str, list[problems.Kind]] = {}
    for name in kinds:
        kind = problems.BY_NAME[name]
        by_status.setdefault(str(kind.status), []).append(kind)
    return {
        status: {
            "description": " ".join(f"{kind.title}." for kind in same),
            **_content(media, ref(shape)),
            **({"headers": {"Retry-After": {"schema": {"type": "string"}}}} if status in ("429", "503") else {}),
        }
        for status, same in sorted(by_status.items())
    }


def _get(name: str, summary: str, response: str, kinds: tuple[str, ...]) -> dict[str, Any]:
    return _operation(name, summary, _responses(response, kinds))


def _body(shape: dict[str, Any], bodies: dict[str, dict[str, Any]]) -> dict[str, Any]:
    named = {name: {"value": value} for name, value in bodies.items()}
    return {"required": True, **_content(_JSON, shape, examples=named)}


def _predict(chosen: Examples) -> dict[str, Any]:
    flat = {} if chosen.history else {"one day without history": examples.flat()}
    body = _body(predict_body(), {"diary": examples.diary()} | flat)
    kinds = (*_BODY, "not-ready", "overloaded", *_ACCESS)
    return _operation("predict", "Predict for one participant", _responses("Prediction", kinds), requestBody=body)


def _batch(chosen: Examples) -> dict[str, Any]:
    body = _body(ref("BatchRequest"), {"two participants": examples.batch(history=chosen.history)})
    responses = _responses(
        "Batch", ("unreadable-table", "undecodable-table", "bad-request", *_BODY, "not-ready", *_ACCESS)
    )
    binary = {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}
    for kind in arrow_files.MEDIA_TYPES:
        body["content"][kind] = responses["200"]["content"][kind] = binary
    rows = {
        "name": "rows",
        "in": "query",
        "schema": {"enum": ["last", "all"], "default": "last"},
        "description": "For tables: predict from each participant's newest day, or from each row.",
    }
    text = "JSON, or a table of diary days as Arrow IPC or Parquet. The response has the media type of the request."
    return _operation(
        "predict_batch",
        "Predict for many participants",
        responses,
        description=text,
        parameters=[rows],
        requestBody=body,
    )


def _feedback() -> dict[str, Any]:
    body = _body(ref("FeedbackRequest"), {"an attack": examples.feedback()})
    kinds = (*_BODY, "unknown-prediction", *_ACCESS)
    text = "It may come days later, and again with a correction: the last report for a prediction counts."
    return _operation(
        "feedback",
        "Report the outcome of a prediction",
        _responses("Recorded", kinds),
        description=text,
        requestBody=body,
    )


def _metrics() -> dict[str, Any]:
    text = {"description": "Prometheus text format.", **_content("text/plain", {"type": "string"})}
    return _operation("metrics", "Metrics of all replicas of the node", {"200": text, **_problems(("internal-error",))})


def _protocol(chosen: Examples) -> dict[str, Any]:
    def outcomes(kinds: tuple[str, ...], shape: dict[str, Any] | None = None) -> dict[str, Any]:
        good = {"description": "The response.", **_content(_JSON, shape or {"type": "object"})}
        refused = _problems(kinds, shape="ProtocolError", media=_JSON)
        return {"200": good, **refused, **_problems(_ACCESS)}

    name = [{"name": "name", "in": "path", "required": True, "schema": {"enum": ["attack", "severity"]}}]
    missing = ("not-found", "not-ready")
    body = _body(ref("InferRequest"), {"a typical day": examples.infer(chosen.row)})
    infer_errors = ("unreadable-tensors", "timeout", "too-large", "unsupported-media-type", *missing)
    tag = {"tags": ["Open Inference Protocol"]}
    ready = {
        "200": outcomes(())["200"],
        "503": {"description": "No model is loaded yet.", **_content(_JSON, {"type": "object"})},
    }
    infer = outcomes(infer_errors, ref("InferResponse"))
    infer["200"]["content"]["application/octet-stream"] = {"schema": {"type": "string"}}
    return {
        "/v2": {"get": _operation("v2_server", "Server metadata", outcomes(()), **tag)},
        "/v2/health/live": {"get": _operation("v2_live", "Whether it is alive", {"200": outcomes(())["200"]}, **tag)},
        "/v2/health/ready": {"get": _operation("v2_ready", "Whether a model is loaded", ready, **tag)},
        "/v2/models/{name}": {"get": _operation("v2_model", "A model", outcomes(missing), parameters=name, **tag)},
        "/v2/models/{name}/ready": {
            "get": _operation("v2_model_ready", "Whether a model is ready", outcomes(missing), parameters=name, **tag)
        },
        "/v2/models/{name}/infer": {
            "post": _operation("v2_infer", "Run a model on features", infer, parameters=name, requestBody=body, **tag)
        },
    }


# The addresses of the document, in order.
PATHS = tuple(_paths(_BEFORE_A_MODEL))
