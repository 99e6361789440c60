"""`POST /predict`: one participant, as JSON.

Not here: many participants (`serving.api.batch`), the content of the answer (`serving.api.compose`).
"""

import time

from starlette.requests import Request
from starlette.responses import Response

from serving.api.answer_form import DEFAULT, AnswerForm, form_of
from serving.api.bodies import read_json
from serving.api.compose import compose
from serving.api.record import Recorder
from serving.input.aliases import read_case
from serving.input.cases import Case, histories_of
from serving.model.watcher import ServedModels
from serving.services import Services


async def predict(services: Services, recorder: Recorder, request: Request) -> Response:
    """Handle `POST /predict`."""
    settings = services.settings
    body = await read_json(request, most=settings.max_body_bytes, seconds=settings.request_timeout)
    long = b'"explain"' in body
    form = form_of(request)
    content = await services.run(
        lambda _: predict_one(services, recorder, body, form), request, size=len(body), long=long
    )
    return Response(content, media_type=form.media_type)


def predict_one(services: Services, recorder: Recorder, body: bytes, form: AnswerForm = DEFAULT) -> bytes:
    """Answer `body`, in `form`. Raises `Refused`, and `ModelNotReady` if no model serves."""
    started = time.perf_counter()
    models = services.predictor.models
    case = read_case(body, now=services.now(), schema=models.requests)
    return answer_one(services, recorder, case, models, started=started, form=form)


def answer_one(
    services: Services,
    recorder: Recorder,
    case: Case,
    models: ServedModels,
    *,
    started: float,
    form: AnswerForm = DEFAULT,
) -> bytes:
    """Return the recorded answer for one participant. `started`: `time.perf_counter` when its processing began."""
    cases = (case,)
    predictions = services.predictor.predict(histories_of(cases), models)
    [answer] = compose(cases, predictions, form.language)
    recorder.record(predictions, seconds=time.perf_counter() - started)
    return form.encode(answer, case.participant, now=services.now())
