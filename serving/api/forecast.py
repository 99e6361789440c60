"""`GET /forecast/{participant}`: predict from a kept diary, with the same answer as `/predict`.

Not here: the endpoints of kept diaries (`serving.api.diaries`), the form of the answer (`serving.api.compose`).
"""

import time
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from migraine_assets.stores.diaries.day import Values
from migraine_assets.stores.diaries.diaries import Diaries, KeptDay
from serving.api.answer_form import DEFAULT, AnswerForm, form_of
from serving.api.diaries import owner_of
from serving.api.predict import answer_one
from serving.api.record import Recorder
from serving.contract.problems import Refused, invalid
from serving.input.kept_days import NEEDED_DAYS, kept_case, read_day, read_participant
from serving.services import Services

_LAST = 2**31 - 1
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


async def forecast(services: Services, recorder: Recorder, request: Request) -> Response:
    """Handle `GET /forecast/{participant}`. `day`: "today", by default the newest kept day; `explain`: add reasons."""
    participant = read_participant(request.path_params["participant"])
    last, explain = _LAST, False
    if request.scope.get("query_string"):
        last, explain = _options(services, request)
    read = partial(Diaries.recent, owner=owner_of(request), participant=participant, last=last, count=NEEDED_DAYS)
    days, profile = await services.diaries.read(read)
    if not days:
        raise Refused("unknown-diary", "No day of this participant is kept. PUT a day first.")

    form = form_of(request)
    content = await services.run(
        lambda _: forecast_one(services, recorder, participant, days, profile, explain=explain, form=form),
        request,
        size=0,
        long=explain,
    )
    return Response(content, media_type=form.media_type)


def forecast_one(
    services: Services,
    recorder: Recorder,
    participant: str,
    days: list[KeptDay],
    profile: Values,
    *,
    explain: bool = False,
    form: AnswerForm = DEFAULT,
) -> bytes:
    """Return the answer for kept `days`, oldest first. Raises `ModelNotReady` if no model is loaded."""
    started = time.perf_counter()
    models = services.predictor.models
    case = kept_case(participant, days, profile, explain=explain, schema=models.requests)
    return answer_one(services, recorder, case, models, started=started, form=form)


def _options(services: Services, request: Request) -> tuple[int, bool]:
    day, flag = request.query_params.get("day"), request.query_params.get("explain", "false")
    if flag not in _FLAGS:
        raise invalid("$.explain", "cannot be accepted", "true or false")
    return _LAST if day is None else read_day(day, now=services.now()), _FLAGS[flag]
