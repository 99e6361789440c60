"""The OpenAPI document: every endpoint with its parameters, bodies and errors.

Not here: kept diaries (`serving.api.openapi_diaries`), the schemas of bodies (`serving.api.openapi_schemas`), examples
(`serving.contract.examples`).
"""

import copy
import math
from functools import lru_cache
from typing import Any, NamedTuple

from serving.api import openapi_diaries
from serving.api import openapi_parts as parts
from serving.api.openapi_schemas import ref, schemas_of
from serving.contract import examples
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


class Examples(NamedTuple):
    """What the served models require of the examples, so that they are not answered by an abstention.

    `history`: whether the models abstain from a day without history. `row`: the features of a typical day.
    """

    history: bool = True
    row: tuple[float, ...] = (math.nan,)


_BEFORE_A_MODEL = Examples()
_ROWS = {
    "name": "rows",
    "in": "query",
    "schema": {"type": "string", "enum": ["last", "all"], "default": "last"},
    "description": "For tables: predict from each participant's newest day, or from each row.",
}


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
        "/": {"get": parts.get("index", "The endpoints of this service", "Index", parts.ACCESS)},
        "/predict": {"post": _predict(chosen)},
        "/predict/batch": {"post": _batch(chosen)},
        "/predict/table": {"post": _table()},
        "/feedback": {"post": _feedback()},
        **openapi_diaries.paths(),
        "/sheet": {"post": _sheet()},
        "/contract": {"get": parts.get("contract", "The fields of a diary", "DiaryContract", parts.ACCESS)},
        "/models": {"get": parts.get("models", "The models that serve", "Models", parts.ACCESS)},
        "/health": {"get": parts.get("health", "Whether the process is alive", "Status", ("internal-error",))},
        "/ready": {
            "get": parts.get("ready", "Whether verified models are loaded", "Ready", ("not-ready", "internal-error"))
        },
        "/metrics": {"get": _metrics()},
        **_protocol(chosen),
    }


def _predict(chosen: Examples) -> dict[str, Any]:
    flat = {} if chosen.history else {"one day without history": examples.flat()}
    body = parts.body(ref("PredictRequest"), {"diary": examples.diary()} | flat)
    kinds = (*parts.BODY, "not-ready", "overloaded", *parts.ACCESS)
    return parts.operation(
        "predict",
        "Predict for one participant",
        parts.with_fhir(parts.responses("Prediction", kinds)),
        parameters=parts.languages(),
        requestBody=body,
    )


def _batch(chosen: Examples) -> dict[str, Any]:
    kinds = ("unreadable-table", "undecodable-table", "bad-request", *parts.BODY, "not-ready", *parts.ACCESS)
    text = (
        "Tables are accepted and answered here too, with one of the media types "
        f"{', '.join(arrow_files.MEDIA_TYPES)}; for generated clients there is /predict/table."
    )
    return parts.operation(
        "predict_batch",
        "Predict for many participants",
        parts.responses("Batch", kinds),
        description=text,
        parameters=[_ROWS, *parts.languages()],
        requestBody=parts.body(ref("BatchRequest"), {"two participants": examples.batch(history=chosen.history)}),
    )


def _table() -> dict[str, Any]:
    kinds = ("unreadable-table", "undecodable-table", "bad-request", *parts.BODY, "not-ready", *parts.ACCESS)
    table = parts.content(arrow_files.BINARY, ref("Table"))
    return parts.operation(
        "predict_table",
        "Predict for a table",
        {"200": {"description": "A table in the format of the request.", **table}, **parts.problems(kinds)},
        description="One row per participant and day in the request, one row per participant in the answer.",
        parameters=[_ROWS],
        requestBody={"required": True, **table},
    )


def _sheet() -> dict[str, Any]:
    return parts.operation(
        "sheet_of_diary",
        "The sheet of a diary for a doctor",
        parts.html((*parts.BODY, *parts.ACCESS)),
        description="Nothing of the diary is kept or recorded.",
        parameters=[parts.PERIOD],
        requestBody=parts.body(ref("SheetRequest"), {"diary": examples.sheet()}),
    )


def _feedback() -> dict[str, Any]:
    body = parts.body(ref("FeedbackRequest"), {"an attack": examples.feedback()})
    kinds = (*parts.BODY, "unknown-prediction", *parts.ACCESS)
    text = "It may come days later, and again with a correction: the last report for a prediction counts."
    return parts.operation(
        "feedback",
        "Report the outcome of a prediction",
        parts.responses("Recorded", kinds),
        description=text,
        requestBody=body,
    )


def _metrics() -> dict[str, Any]:
    text = {"description": "Prometheus text format.", **parts.content("text/plain", {"type": "string"})}
    return parts.operation(
        "metrics", "Metrics of all replicas of the node", {"200": text, **parts.problems(("internal-error",))}
    )


def _protocol(chosen: Examples) -> dict[str, Any]:
    def outcomes(kinds: tuple[str, ...], shape: str) -> dict[str, Any]:
        good = {"description": "The response.", **parts.content(parts.JSON, ref(shape))}
        refused = parts.problems(kinds, shape="ProtocolError", media=parts.JSON)
        return {"200": good, **refused, **parts.problems(parts.ACCESS)}

    name = [
        {"name": "name", "in": "path", "required": True, "schema": {"type": "string", "enum": ["attack", "severity"]}}
    ]
    missing = ("not-found", "not-ready")
    body = parts.body(ref("InferRequest"), {"a typical day": examples.infer(chosen.row)})
    infer_errors = ("unreadable-tensors", "timeout", "too-large", "unsupported-media-type", *missing)
    tag = {"tags": ["Open Inference Protocol"]}
    ready = {
        "200": outcomes((), "ServerReady")["200"],
        "503": {"description": "No model is loaded yet.", **parts.content(parts.JSON, ref("ServerReady"))},
    }
    infer = outcomes(infer_errors, "InferResponse")
    infer["200"]["content"]["application/octet-stream"] = {"schema": {"type": "string", "format": "binary"}}
    return {
        "/v2": {"get": parts.operation("v2_server", "Server metadata", outcomes((), "ServerMetadata"), **tag)},
        "/v2/health/live": {
            "get": parts.operation("v2_live", "Whether it is alive", {"200": outcomes((), "ServerLive")["200"]}, **tag)
        },
        "/v2/health/ready": {"get": parts.operation("v2_ready", "Whether a model is loaded", ready, **tag)},
        "/v2/models/{name}": {
            "get": parts.operation("v2_model", "A model", outcomes(missing, "ModelMetadata"), parameters=name, **tag)
        },
        "/v2/models/{name}/ready": {
            "get": parts.operation(
                "v2_model_ready", "Whether a model is ready", outcomes(missing, "ModelReady"), parameters=name, **tag
            )
        },
        "/v2/models/{name}/infer": {
            "post": parts.operation(
                "v2_infer", "Run a model on features", infer, parameters=name, requestBody=body, **tag
            )
        },
    }


# The addresses of the document, in order.
PATHS = tuple(_paths(_BEFORE_A_MODEL))
