"""JSON schemas of requests and responses in the OpenAPI document, generated from their structs.

Here belong the descriptions of bodies and fields. Not here: endpoints (`serving.api.openapi`), what is accepted
(`serving.contract.requests`) and returned (`serving.contract.responses`).
"""

from typing import Any

import msgspec

from serving.api import batch
from serving.contract import problems, requests, responses
from serving.contract.requests import RequestSchema
from serving.input import tensors

_REF = "#/components/schemas/"
_TYPES = (
    responses.Prediction, batch.Batch,
    problems.Problem, tensors.InferRequest, tensors.InferResponse,
    responses.Index, responses.DiaryContract, responses.Status, responses.Ready, responses.Recorded,
    responses.Models, responses.ProtocolError, responses.KeptParticipants, responses.Forecasts,
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
        schema.DiaryRequest, schema.DayRequest, schema.FeedbackRequest, schema.DayChange, schema.ProfileChange,
        schema.KeptDay, schema.KeptDays, schema.KeptProfile, schema.KeptDiary,
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
    schemas["DayRequest"]["description"] = "One day without history. The date defaults to today."
    for name, text in _KEPT.items():
        schemas[name]["description"] = text
    schemas["BatchRequest"] = _batch_request()
    return dict(sorted(schemas.items()))


def _batch_request() -> dict[str, Any]:
    """Return the schema of a batch, written by hand because its struct keeps the items as raw JSON."""
    text = f"Bodies of /predict, at most {requests.PARTICIPANTS}; at most {batch.EXPLAINED} of them with explain."
    anything = {"description": "Any other item is answered with a problem in its position."}
    one = {"anyOf": [*predict_body()["anyOf"], anything]}
    items = {"type": "array", "minItems": 1, "maxItems": requests.PARTICIPANTS, "items": one, "description": text}
    return {"type": "object", "additionalProperties": False, "required": ["items"], "properties": {"items": items}}


def predict_body() -> dict[str, Any]:
    return {"anyOf": [ref("DiaryRequest"), ref("DayRequest")]}


def ref(name: str) -> dict[str, Any]:
    return {"$ref": _REF + name}
