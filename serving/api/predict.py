"""`POST /predict`: one participant, as JSON.

Not here: many participants (`serving.api.batch`), the content of the answer (`serving.api.compose`).
"""

import time

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from serving.api.bodies import JSON, read_json
from serving.api.compose import compose
from serving.api.record import Recorder
from serving.input.aliases import read_case
from serving.input.cases import Case, histories_of
from serving.model.watcher import ServedModels
from serving.services import Services
from serving.wording.languages import Language, language_of

_encode = msgspec.json.Encoder().encode


async def predict(services: Services, recorder: Recorder, request: Request) -> Response:
    """Handle `POST /predict`."""
    settings = services.settings
    body = await read_json(request, most=settings.max_body_bytes, seconds=settings.request_timeout)
    long = b'"explain"' in body
    language = language_of(request)
    content = await services.run(
        lambda _: predict_one(services, recorder, body, language), request, size=len(body), long=long
    )
    return Response(content, media_type=JSON)


def predict_one(services: Services, recorder: Recorder, body: bytes, language: Language = "en") -> bytes:
    """Answer `body`, with sentences in `language`. Raises `Refused`, and `ModelNotReady` if no model serves."""
    started = time.perf_counter()
    models = services.predictor.models
    case = read_case(body, now=services.now(), schema=models.requests)
    return answer_one(services, recorder, case, models, started=started, language=language)


def answer_one(
    services: Services,
    recorder: Recorder,
    case: Case,
    models: ServedModels,
    *,
    started: float,
    language: Language = "en",
) -> bytes:
    """Return the recorded answer for one participant. `started`: `time.perf_counter` when its processing began."""
    cases = (case,)
    predictions = services.predictor.predict(histories_of(cases), models)
    [answer] = compose(cases, predictions, language)
    recorder.record(predictions, seconds=time.perf_counter() - started)
    return _encode(answer)
