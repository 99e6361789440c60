"""Many people in one JSON body: each item its own answer or its own problem, in order.

Not here: tables (`tables`).
"""

import time
from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from serving.api.bodies import JSON, media_type, read_body, require_json, require_plain
from serving.api.endpoints import LONG_BODY, Handlers
from serving.api.tables import predict_table
from serving.contract.problems import Problem, Refused, invalid
from serving.contract.requests import BatchRequest, DayBatch
from serving.contract.responses import Prediction
from serving.input.arrow_files import MEDIA_TYPES
from serving.input.cases import Case, Days, case_of, day_cases
from serving.input.decoding import decode, decode_predict

EXPLAINED = 20


class Item(msgspec.Struct, frozen=True, gc=False):
    """One of `result` and `error` is there."""

    result: Prediction | None
    error: Problem | None


class Batch(msgspec.Struct, frozen=True, gc=False):
    """An item for each person, in the order of the request."""

    items: list[Item]


_encode = msgspec.json.Encoder().encode


async def predict_batch(handlers: Handlers, request: Request) -> Response:
    """`POST /predict/batch`, in the form that the request's media type says."""
    kind, settings, every = media_type(request), handlers.services.settings, _every_row(request)
    if kind in MEDIA_TYPES:
        require_plain(request)
        body = await read_body(request, most=settings.max_batch_body_bytes, seconds=settings.request_timeout)
        content = await handlers.work(lambda: predict_table(handlers, body, kind, every_row=every), long=True)
        return Response(content, media_type=kind)
    if kind and kind != JSON:
        raise Refused("unsupported-media-type", f"Send one of {', '.join((JSON, *MEDIA_TYPES))}.")
    require_json(request)
    body = await read_body(request, most=settings.max_batch_body_bytes, seconds=settings.request_timeout)
    content = await handlers.work(lambda: predicted(handlers, body), long=len(body) > LONG_BODY or b'"explain"' in body)
    return Response(content, media_type=JSON)


def _every_row(request: Request) -> bool:
    """The parameter `rows` of tables. Raises `Refused` (400) for another value, or several."""
    rows = request.query_params.getlist("rows") or ["last"]
    if rows not in (["last"], ["all"]):
        raise Refused("bad-request", "The parameter rows is 'last' (one answer for each person) or 'all'.")
    return rows == ["all"]


def predicted(handlers: Handlers, body: bytes) -> bytes:
    """The answer to a JSON body. Raises `Refused` where it is no batch at all."""
    began = time.perf_counter()
    cases = cases_of(handlers, body)
    good = cases if isinstance(cases, Days) else [case for case in cases if isinstance(case, Case)]
    _limit_explanations(good)
    said = iter(handlers.answered(good, began=began) if good else ())
    return _encode(Batch([Item(None, c.problem) if isinstance(c, Refused) else Item(next(said), None) for c in cases]))


def cases_of(handlers: Handlers, body: bytes) -> Sequence[Case | Refused]:
    """The case of each item, or what is wrong with it."""
    now = handlers.now()
    if b'"entries"' not in body:
        try:
            return day_cases(decode(body, DayBatch).items, now=now)
        except Refused:
            pass  # At least one item is wrong or of the other form: one at a time, so that the others are answered.
    items = decode(body, BatchRequest).items
    return [_case(bytes(item), place, now) for place, item in enumerate(items)]


def _case(item: bytes, place: int, now: Any) -> Case | Refused:
    try:
        return case_of(decode_predict(item), now=now, body=item)
    except Refused as refused:
        return refused.at(f"$.items[{place}]")


def _limit_explanations(cases: Sequence[Case]) -> None:
    if sum(case.explain for case in cases) > EXPLAINED:
        raise invalid("$.items", "asks for too many explanations", f"at most {EXPLAINED} items with explain in a batch")
