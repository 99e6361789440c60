"""`POST /predict/batch`: many participants as JSON, each answered or refused on its own, in order.

Not here: tables, which come to the same address (`serving.api.tables`).
"""

import datetime as dt
import time
from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from serving.api.bodies import JSON, LONG_BODY_BYTES, media_type, read_json, read_raw
from serving.api.compose import compose
from serving.api.record import Recorder
from serving.api.tables import predict_table
from serving.contract.problems import Problem, Refused, invalid
from serving.contract.requests import DEFAULT, BatchRequest, RequestSchema
from serving.contract.responses import Prediction
from serving.input.aliases import read_case
from serving.input.arrow_files import MEDIA_TYPES
from serving.input.cases import Case, Days, day_cases, histories_of
from serving.input.decoding import decode
from serving.services import Services

EXPLAINED = 20


class Item(msgspec.Struct, frozen=True, gc=False):
    """The answer to one item: `result` or `error`."""

    result: Prediction | None
    error: Problem | None


class Batch(msgspec.Struct, frozen=True, gc=False):
    """One item for each participant, in the order of the request."""

    items: list[Item]


_encode = msgspec.json.Encoder().encode


async def predict_batch(services: Services, recorder: Recorder, request: Request) -> Response:
    """The endpoint. The media type of the request decides its form: JSON, Arrow or Parquet."""
    kind, settings, every_row = media_type(request), services.settings, _every_row(request)
    most, seconds = settings.max_batch_body_bytes, settings.request_timeout
    if kind in MEDIA_TYPES:
        body = await read_raw(request, most=most, seconds=seconds)
        content = await services.run(
            lambda: predict_table(services, recorder, body, kind, every_row=every_row), long=True
        )
        return Response(content, media_type=kind)
    if kind and kind != JSON:
        raise Refused("unsupported-media-type", f"Send one of {', '.join((JSON, *MEDIA_TYPES))}.")
    body = await read_json(request, most=most, seconds=seconds)
    long = len(body) > LONG_BODY_BYTES or b'"explain"' in body
    content = await services.run(lambda: predict_items(services, recorder, body), long=long)
    return Response(content, media_type=JSON)


def _every_row(request: Request) -> bool:
    """The query parameter `rows` of tables. Raises `Refused` (400) for another value, or several."""
    rows = request.query_params.getlist("rows") or ["last"]
    if rows not in (["last"], ["all"]):
        raise Refused("bad-request", "The parameter rows is 'last' (one answer per participant) or 'all'.")
    return rows == ["all"]


def predict_items(services: Services, recorder: Recorder, body: bytes) -> bytes:
    """The answer to a JSON batch.

    Raises `Refused` where the body as a whole is not a batch, and `ModelNotReady` where no model serves.
    """
    started = time.perf_counter()
    models = services.predictor.models
    items = cases_of(body, now=services.now(), schema=models.requests)
    cases = items if isinstance(items, Days) else [item for item in items if isinstance(item, Case)]
    _limit_explanations(cases)
    if not cases:
        return _encode(Batch([Item(None, item.problem) for item in items if isinstance(item, Refused)]))
    predictions = services.predictor.predict(histories_of(cases), models)
    answers = iter(compose(cases, predictions))
    recorder.record(predictions, seconds=time.perf_counter() - started)
    return _encode(
        Batch([Item(None, i.problem) if isinstance(i, Refused) else Item(next(answers), None) for i in items])
    )


def cases_of(body: bytes, *, now: dt.datetime, schema: RequestSchema = DEFAULT) -> Sequence[Case | Refused]:
    """The case of each item, or why it is refused."""
    if b'"entries"' not in body:
        try:
            return day_cases(decode(body, schema.DayBatch, schema).items, now=now, schema=schema)
        except Refused:
            pass  # At least one item is wrong or has a history: read them one by one, so that the others are answered.
    items = decode(body, BatchRequest, schema).items
    return [_case(bytes(item), index, now, schema) for index, item in enumerate(items)]


def _case(item: bytes, index: int, now: dt.datetime, schema: RequestSchema) -> Case | Refused:
    try:
        return read_case(item, now=now, schema=schema)
    except Refused as refused:
        return refused.at(f"$.items[{index}]")


def _limit_explanations(cases: Sequence[Case]) -> None:
    if sum(case.explain for case in cases) > EXPLAINED:
        raise invalid("$.items", "asks for too many explanations", f"at most {EXPLAINED} items with explain in a batch")
