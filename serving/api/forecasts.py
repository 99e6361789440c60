"""`GET /forecasts`: forecasts of the next day for all participants with a kept diary of an API key, in pages.

An overview for staff. It is not recorded, so repeated requests do not change the monitored predictions. Not here: the
recorded forecast of one participant (`serving.api.forecast`), the page (`serving/page/staff.js`).
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from migraine_assets.stores.diaries.day import Values
from migraine_assets.stores.diaries.diaries import Diaries, KeptDay, StoredDiary
from serving.api.answer_form import form_of
from serving.api.bodies import JSON
from serving.api.compose import compose
from serving.api.diaries import owner_of, page_of
from serving.contract.responses import ParticipantForecast, ParticipantForecasts, Prediction, Warning
from serving.input.cases import histories_of
from serving.input.kept_days import NEEDED_DAYS, iso_date, kept_case
from serving.jobs import Check
from serving.services import Services
from serving.wording.languages import Language

MOST_FORECAST = 500
_LAST = 2**31 - 1
_NO_DAYS = Warning("too_little_history", "No day is kept of this participant, so there is no prediction.")

_encode = msgspec.json.Encoder().encode


class _Diary(NamedTuple):
    """The newest days of a participant, oldest first, and the profile: the input of a forecast."""

    kept: StoredDiary
    days: list[KeptDay]
    profile: Values


async def forecasts(services: Services, request: Request) -> Response:
    """Handle `GET /forecasts`. `after`: `next` of the previous answer; `limit`: the largest number of participants."""
    after, count = page_of(request, most=MOST_FORECAST)
    people, following = await services.diaries.run(
        partial(_read, owner=owner_of(request), after=after, count=count),
    )

    language = form_of(request).language

    def answer(check: Check) -> bytes:
        return _encode(ParticipantForecasts(forecasts_of(services, people, check, language=language), following))

    return Response(await services.run(answer, request, size=0, long=True), media_type=JSON)


def forecasts_of(
    services: Services, people: Sequence[_Diary], check: Check, *, language: Language = "en"
) -> list[ParticipantForecast]:
    """Return the forecast of each of `people`, in order. Raises `ModelNotReady` if no model is loaded."""
    models = services.predictor.models
    models.require_ready()
    cases = tuple(
        kept_case(kept.participant, days, profile, explain=False, schema=models.requests)
        for kept, days, profile in people
        if days
    )
    predicted = services.predictor.predict(histories_of(cases), models, check) if cases else None
    answers = iter(compose(cases, predicted, language) if predicted else ())
    return [_forecast(diary, next(answers) if diary.days else None) for diary in people]


def _read(diaries: Diaries, *, owner: str, after: str, count: int) -> tuple[list[_Diary], str | None]:
    people, following = diaries.participants(owner, after=after, count=count)
    recent = partial(diaries.recent, owner, last=_LAST, count=NEEDED_DAYS)
    return [_Diary(kept, *recent(kept.participant)) for kept in people], following


def _forecast(diary: _Diary, prediction: Prediction | None) -> ParticipantForecast:
    kept = diary.kept
    return ParticipantForecast(
        participant_id=kept.participant,
        days=kept.days,
        last_day=None if kept.last is None else iso_date(kept.last),
        for_date=prediction.for_date if prediction else None,
        abstained=prediction is None or prediction.abstained,
        attack=prediction.attack if prediction else None,
        severity=prediction.severity if prediction else None,
        warnings=prediction.warnings if prediction else [_NO_DAYS],
        simulated_model=prediction is not None and prediction.simulated_model,
    )
