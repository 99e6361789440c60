"""`GET /sheet/{participant}` and `POST /sheet`: the doctor's sheet of a kept diary, or of the diary in the body.

A sheet is not recorded. Browsers print it. Not here: what it shows (`migraine_assets.sheet`), the permission of the
pages to show it in a frame (`serving.api.middleware`).
"""

from functools import partial

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from migraine_assets.core.diary.cleaning import Cleaner, cleaning_for
from migraine_assets.core.features.diary import Diary
from migraine_assets.prediction.model_set import ModelSet
from migraine_assets.sheet.document import sheet_of
from migraine_assets.sheet.page import style_source
from migraine_assets.sheet.period import DAYS, LEAST_DAYS, MOST_DAYS
from migraine_assets.stores.diaries.diaries import Diaries
from serving.api.bodies import read_json
from serving.api.diaries import owner_of
from serving.contract.problems import Refused, invalid
from serving.contract.requests import SHEET_ENTRIES
from serving.input.aliases import read_sheet_case
from serving.input.cases import Case
from serving.input.kept_days import kept_case, read_participant
from serving.services import Services

MEDIA_TYPE = "text/html; charset=utf-8"
KEPT, SENT = "the diary that the service keeps", "a diary that was sent to the service, which did not keep it"
_LAST = 2**31 - 1


async def sheet_of_kept(services: Services, request: Request) -> Response:
    """Handle `GET /sheet/{participant}`. `days`: the days of the period, up to the newest kept day."""
    participant, days = read_participant(request.path_params["participant"]), _days(request)
    read = partial(
        Diaries.recent, owner=owner_of(request), participant=participant, last=_LAST, count=SHEET_ENTRIES
    )  # fmt: skip
    kept, profile = await services.diaries.run(read)
    if not kept:
        raise Refused("unknown-diary", "No day of this participant is kept. PUT a day first.")
    models = services.predictor.models
    case = kept_case(participant, kept, profile, explain=False, schema=models.requests, span=SHEET_ENTRIES)
    page = await services.run(lambda _: _page(case, models, KEPT, days), request, size=0, long=True)
    return _response(page)


async def sheet_of_body(services: Services, request: Request) -> Response:
    """Handle `POST /sheet`, with a diary as in `/predict`. `days`: the days of the period, up to the newest one."""
    settings, days = services.settings, _days(request)
    body = await read_json(request, most=settings.max_body_bytes, seconds=settings.request_timeout)
    models = services.predictor.models

    def page() -> bytes:
        case = read_sheet_case(body, now=services.now(), schema=models.requests)
        return _page(case, models, SENT, days)

    return _response(await services.run(lambda _: page(), request, size=len(body), long=True))


def _days(request: Request) -> int:
    text = request.query_params.get("days", str(DAYS))
    if not (text.isascii() and text.isdigit() and LEAST_DAYS <= int(text[:9]) <= MOST_DAYS):
        raise invalid("$.days", "cannot be accepted", f"a number from {LEAST_DAYS} to {MOST_DAYS}")
    return int(text)


def _page(case: Case, models: ModelSet, source: str, days: int) -> bytes:
    """Return the sheet of `case`, whose values are cleaned as those that models are trained on."""
    contract, names = models.contract, models.layout.columns
    values = Cleaner(cleaning_for(contract), names).clean(case.values)
    columns = {names[row]: values[row] for row in np.flatnonzero(case.has_values).tolist()}
    diary = Diary(np.zeros(len(case.day), dtype=np.int64), case.day, True, columns)
    return sheet_of(diary, models, participant=case.participant or "", source=source, days=days).page


def _response(page: bytes) -> Response:
    policy = f"default-src 'none'; style-src {style_source()}; frame-ancestors 'none'"
    return Response(page, media_type=MEDIA_TYPE, headers={"content-security-policy": policy})
