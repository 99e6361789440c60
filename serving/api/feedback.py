"""`POST /feedback`: the outcome that a user reports for an earlier prediction.

Not here: the feedback log (`serving.log.writer`), comparing outcomes with predictions
(`migraine_assets.core.monitoring`).
"""

from starlette.requests import Request
from starlette.responses import Response

from migraine_assets.core.contract import ATTACK
from migraine_assets.stores.prediction_log.record import Feedback
from serving.api.bodies import json_response, read_json
from serving.contract.problems import Refused, invalid, rate_limited
from serving.contract.responses import Recorded
from serving.input.aliases import read_feedback
from serving.services import Services


async def feedback(services: Services, request: Request) -> Response:
    """Handle `POST /feedback`. The last report for a prediction counts, so a repeated report changes nothing.

    Every report is stored, and reports can reach any replica, so the number of reports for one prediction is limited.
    """
    settings = services.settings
    body = await read_json(request, most=settings.max_body_bytes, seconds=settings.request_timeout)
    schema = services.predictor.models.requests
    reported, interpreted = read_feedback(body, schema)
    if not services.ids.is_genuine(reported.prediction_id):
        raise Refused("unknown-prediction", "No prediction of this service has this prediction_id.")
    if reported.migraine_severity and not reported.migraine_occurrence:
        raise invalid("$.migraine_severity", f"contradicts {ATTACK} = 0", f"null, or {ATTACK} = 1")
    if wait := services.feedback_limiter.allow(reported.prediction_id):
        raise rate_limited(wait)
    services.feedback_log.append(
        Feedback(
            prediction_id=reported.prediction_id,
            migraine_occurrence=bool(reported.migraine_occurrence),
            migraine_severity=reported.migraine_severity if reported.migraine_occurrence else None,
            time=services.clock(),
        )
    )
    return json_response(Recorded(reported.prediction_id, "recorded", list(interpreted)))
