"""`POST /predict/batch`: many participants as JSON, each answered or refused on its own, in order.

Not here: tables, which are sent to the same path (`serving.api.tables`).
"""

import datetime as dt
import time
from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from serving.api.answer_form import form_of
from serving.api.bodies import JSON, LONG_BODY_BYTES, media_type, read_json, read_raw
from serving.api.compose import compose
from serving.api.record import Recorder
from serving.api.tables import predict_table
from serving.contract.problems import Problem, Refused, invalid
from serving.contract.requests import DEFAULT, ENTRIES, PARTICIPANTS, BatchRequest, RequestSchema
from serving.contract.responses import Prediction
from serving.input.aliases import read_case
from serving.input.arrow_files import BINARY, MEDIA_TYPES, format_of
from serving.input.cases import Case, Days, day_cases, histories_of
from serving.input.decoding import NOT_STRICT, decode, strict
from serving.jobs import Check, unlimited
from serving.services import Services
from serving.wording.languages import Language

EXPLAINED = 20
# Bodies with more values are checked for their outline before they are decoded. Smaller ones are cheap to decode.
MANY_VALUES = 200_000
# Several times the values of one participant: the fields of a contract on each day.
MOST_ITEM_VALUES = 20_000


class Item(msgspec.Struct, frozen=True, gc=False):
    """The answer to one item: `result` or `error`."""

    result: Prediction | None
    error: Problem | None


class Batch(msgspec.Struct, frozen=True, gc=False):
    """One item for each participant, in the order of the request."""

    items: list[Item]


_encode = msgspec.json.Encoder().encode


async def predict_batch(services: Services, recorder: Recorder, request: Request) -> Response:
    """Handle `POST /predict/batch`. The media type of the request decides its form: JSON, Arrow or Parquet."""
    kind, settings, every_row = media_type(request), services.settings, _every_row(request)
    most, seconds = settings.max_batch_body_bytes, settings.request_timeout
    with services.bodies.hold() as lease:
        if kind in MEDIA_TYPES:
            body = await read_raw(request, most=most, seconds=seconds, lease=lease)

            def table(check: Check) -> bytes:
                return predict_table(services, recorder, body, kind, every_row=every_row, check=check)

            return Response(await services.run(table, request, size=len(body), long=True), media_type=kind)
        if kind and kind != JSON:
            raise Refused("unsupported-media-type", f"Send one of {', '.join((JSON, *MEDIA_TYPES))}.")
        body = await read_json(request, most=most, seconds=seconds, lease=lease)
        long = len(body) > LONG_BODY_BYTES or b'"explain"' in body

        language = form_of(request).language

        def items(check: Check) -> bytes:
            return predict_items(services, recorder, body, check, language=language)

        return Response(await services.run(items, request, size=len(body), long=long), media_type=JSON)


async def predict_binary(services: Services, recorder: Recorder, request: Request) -> Response:
    """Handle `POST /predict/table`: a table of any format, answered in the same format.

    An address of its own, because generated clients have one type for the answers of an address.
    """
    settings, every_row = services.settings, _every_row(request)
    if media_type(request) != BINARY:
        raise Refused("unsupported-media-type", f"Send the header Content-Type: {BINARY}.")
    with services.bodies.hold() as lease:
        most, seconds = settings.max_batch_body_bytes, settings.request_timeout
        body = await read_raw(request, most=most, seconds=seconds, lease=lease)

        def table(check: Check) -> bytes:
            return predict_table(services, recorder, body, format_of(body), every_row=every_row, check=check)

        return Response(await services.run(table, request, size=len(body), long=True), media_type=BINARY)


def _every_row(request: Request) -> bool:
    """Return whether the query parameter `rows` is "all". Raises `Refused` (400) for an unknown or repeated value."""
    rows = request.query_params.getlist("rows") or ["last"]
    if rows not in (["last"], ["all"]):
        raise Refused("bad-request", "The parameter rows is 'last' (one answer per participant) or 'all'.")
    return rows == ["all"]


def predict_items(
    services: Services, recorder: Recorder, body: bytes, check: Check = unlimited, *, language: Language = "en"
) -> bytes:
    """Answer a JSON batch. `check` is called between parts of the work, and its exceptions are passed on.

    Raises `Refused` if the body as a whole is not a batch, and `ModelNotReady` if no model serves.
    """
    started = time.perf_counter()
    models = services.predictor.models
    items = cases_of(body, now=services.now(), schema=models.requests, check=check)
    cases = items if isinstance(items, Days) else [item for item in items if isinstance(item, Case)]
    _limit_explanations(cases)
    if not cases:
        return _encode(Batch([Item(None, item.problem) for item in items if isinstance(item, Refused)]))
    predictions = services.predictor.predict(histories_of(cases), models, check)
    check()
    answers = iter(compose(cases, predictions, language))
    recorder.record(predictions, seconds=time.perf_counter() - started)
    return _encode(
        Batch([Item(None, i.problem) if isinstance(i, Refused) else Item(next(answers), None) for i in items])
    )


def cases_of(
    body: bytes, *, now: dt.datetime, schema: RequestSchema = DEFAULT, check: Check = unlimited
) -> Sequence[Case | Refused]:
    """Return the case of each item, or the reason why it is refused."""
    _refuse_large(body)
    if b'"entries"' not in body:
        try:
            return day_cases(strict(body, schema.DayBatch, schema).items, now=now, schema=schema)
        except NOT_STRICT:
            pass  # At least one item is wrong or has a history. Read them one by one, so that the others are answered.
    cases = []
    for index, item in enumerate(decode(body, BatchRequest, schema).items):
        check()
        cases.append(_case(bytes(item), index, now, schema))
    return cases


class _AnyItem(msgspec.Struct):
    """An item whose content is skipped."""


class _Outline(msgspec.Struct):
    items: list[_AnyItem] = []


_outline = msgspec.json.Decoder(_Outline)


def _refuse_large(body: bytes) -> None:
    """Raise `Refused` (413) for a body of more objects than a batch may have.

    The decoder counts items only after decoding all of them, and an item of two bytes takes hundreds in memory.
    """
    if body.count(b"{") > 1 + PARTICIPANTS * (1 + ENTRIES):
        raise Refused("too-large", f"At most {PARTICIPANTS} items of {ENTRIES} days each are accepted.")
    if body.count(b",") > MANY_VALUES:
        try:
            # The decoder fails here at the first item that is not an object, before the items take memory.
            _outline.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Refused("too-large", "A batch of so many values must be a list of objects.") from None


def _case(item: bytes, index: int, now: dt.datetime, schema: RequestSchema) -> Case | Refused:
    if item.count(b",") > MOST_ITEM_VALUES:
        return invalid(f"$.items[{index}]", "has too many values", "a body of /predict")
    try:
        return read_case(item, now=now, schema=schema)
    except Refused as refused:
        return refused.at(f"$.items[{index}]")


def _limit_explanations(cases: Sequence[Case]) -> None:
    if sum(case.explain for case in cases) > EXPLAINED:
        raise invalid("$.items", "asks for too many explanations", f"at most {EXPLAINED} items with explain in a batch")
