"""JSON schemas of requests and responses in the OpenAPI document, generated from their structs.

Here belong the descriptions of bodies and fields. Not here: endpoints (`serving.api.openapi`), what is accepted
(`serving.contract.requests`) and returned (`serving.contract.responses`).
"""

from typing import Any

import msgspec

from serving.api import batch
from serving.contract import model_descriptions, problems, requests, responses
from serving.contract.requests import RequestSchema
from serving.input import tensors

_REF = "#/components/schemas/"
_TYPES = (
    responses.Prediction, batch.Batch,
    problems.Problem, tensors.InferRequest, tensors.InferResponse,
    responses.Index, responses.DiaryContract, responses.Status, responses.Ready, responses.Recorded,
    model_descriptions.Models, model_descriptions.ServerMetadata, model_descriptions.ServerLive,
    model_descriptions.ServerReady, model_descriptions.ModelMetadata, model_descriptions.ModelReady,
    responses.ProtocolError, responses.KeptParticipants, responses.ParticipantForecasts,
)  # fmt: skip
_KEPT = {
    "DayChange": "Fields of a day. A field that is left out stays as it is kept, and null erases it.",
    "ProfileChange": "Fields that do not change from day to day. They fill the days that lack them.",
    "KeptDay": "A day as it is kept: the fields that are known. `interpreted`: aliases in the request.",
    "KeptDays": "Days as they are kept, oldest first.",
    "KeptProfile": "What is kept of a participant beside the days. `interpreted`: aliases in the request.",
    "KeptDiary": "A kept diary, in the form of a body of /predict.",
}


def schemas_of(schema: RequestSchema) -> dict[str, Any]:
    """Return the JSON schemas of the bodies of `schema` and of every response, by name."""
    bodies = (
        schema.DiaryRequest, schema.SheetRequest, schema.DayRequest, schema.FeedbackRequest, schema.DayChange,
        schema.ProfileChange, schema.KeptDay, schema.KeptDays, schema.KeptProfile, schema.KeptDiary,
    )  # fmt: skip
    _, schemas = msgspec.json.schema_components((*bodies, *_TYPES), ref_template=_REF + "{name}")
    fields = schema.contract.by_name
    for name in ("Entry", *(body.__name__ for body in bodies)):
        for field, shape in schemas[name]["properties"].items():
            if field in fields:
                shape["description"] = f"{fields[field].description} {fields[field].unit}".strip()
    schemas["Entry"]["description"] = "A day of the diary. A field that is missing or null was not asked."
    schemas["DiaryRequest"]["description"] = (
        f"1 to {requests.ENTRIES} days of one participant, oldest first; the last one is 'today'. Look-back is 28 days."
    )
    schemas["SheetRequest"]["description"] = f"1 to {requests.SHEET_ENTRIES} days of one participant, oldest first."
    schemas["DayRequest"]["description"] = "One day without history. The date defaults to today."
    for name, text in _KEPT.items():
        schemas[name]["description"] = text
    schemas |= {
        "PredictRequest": _PREDICT_REQUEST,
        "BatchRequest": _batch_request(),
        "RiskAssessment": _RISK_ASSESSMENT,
        "Table": _TABLE,
    }
    for body in ("DiaryRequest", "DayRequest"):
        schemas[body]["properties"]["explain"]["description"] = "Whether to add reasons; by default false."
    _suit_generators(schemas)
    return dict(sorted(schemas.items()))


def _suit_generators(shape: Any) -> None:
    """Change what generators of clients misread, in `shape` and all its parts.

    A list of strings without its type becomes unknown values. A field with a default becomes one that is always there,
    so that a request would have to contain all fields (openapi-typescript).
    """
    if isinstance(shape, dict):
        if isinstance(shape.get("enum"), list) and all(isinstance(value, str) for value in shape["enum"]):
            shape.setdefault("type", "string")
        if {"type", "anyOf", "$ref"} & set(shape):
            shape.pop("default", None)
        shape = list(shape.values())
    if isinstance(shape, list):
        for part in shape:
            _suit_generators(part)


def _batch_request() -> dict[str, Any]:
    """Return the schema of a batch, written by hand because its struct keeps the items as raw JSON."""
    text = (
        f"Bodies of /predict, at most {requests.PARTICIPANTS}; at most {batch.EXPLAINED} of them with explain. An "
        "invalid one is answered with a problem in its position."
    )
    one = ref("PredictRequest")
    items = {"type": "array", "minItems": 1, "maxItems": requests.PARTICIPANTS, "items": one, "description": text}
    return {"type": "object", "additionalProperties": False, "required": ["items"], "properties": {"items": items}}


def ref(name: str) -> dict[str, Any]:
    """Return a reference to the schema `name`."""
    return {"$ref": _REF + name}


# Schemas of bodies that no struct describes. Each has a name, because generators make a type of a name.
_PREDICT_REQUEST = {
    "anyOf": [ref("DiaryRequest"), ref("DayRequest")],
    "description": "One participant: a diary, or one day without history.",
}
_RISK_ASSESSMENT = {
    "type": "object",
    "required": ["resourceType", "status", "subject"],
    "properties": {
        "resourceType": {"type": "string", "const": "RiskAssessment"},
        "status": {"type": "string", "enum": ["cancelled", "final"]},
        "subject": {"type": "object"},
    },
    "description": "A RiskAssessment of HL7 FHIR R4 (https://hl7.org/fhir/R4/riskassessment.html).",
}
_TABLE = {
    "type": "string",
    "format": "binary",
    "contentMediaType": "application/octet-stream",
    "description": "A table of diary days, or of answers, as Arrow IPC or Parquet.",
}
