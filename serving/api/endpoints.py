"""The endpoints, from the bytes of a request to the bytes of its answer.

Here belongs the order of steps. Not here: routes and documents (`app`), batches (`batch`), tensors (`v2`).
"""

import asyncio
import datetime as dt
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from migraine_assets.core.contract import ATTACK
from migraine_assets.stores.prediction_log.record import Feedback
from serving.api.bodies import json_answer, read_body, require_json
from serving.api.compose import answers
from serving.api.record import record
from serving.contract import requests as schema
from serving.contract.problems import Refused, invalid
from serving.contract.responses import Prediction
from serving.input.cases import Case, case_of
from serving.input.decoding import decode, decode_predict
from serving.metrics.registry import CONTENT_TYPE
from serving.model.history_features import features_of, people_of
from serving.model.loaded import Served
from serving.model.predictor import People, Predicted, predict
from serving.model.scoring import Rows
from serving.model.watcher import ModelSet, TaskModel
from serving.services import Services

_encode = msgspec.json.Encoder().encode

# A body of more bytes than this holds many people: it takes longer than others should wait.
LONG_BODY = 16 << 10


class Handlers:
    """The endpoints of one replica."""

    def __init__(self, services: Services) -> None:
        self.services = services

    async def predict(self, request: Request) -> Response:
        """`POST /predict`."""
        require_json(request)
        body = await self.body(request)
        content = await self.work(lambda: self.predicted(body), long=b'"explain"' in body)
        return Response(content, media_type="application/json")

    def predicted(self, body: bytes) -> bytes:
        """The answer to the body of `/predict`. Raises `Refused`."""
        began = time.perf_counter()
        case = case_of(decode_predict(body), now=self.now(), body=body)
        [prediction] = self.answered((case,), began=began)
        return _encode(prediction)

    def answered(self, cases: Sequence[Case], *, began: float) -> list[Prediction]:
        """The answer to each case, recorded and counted. Raises `Refused` (503) where no model serves."""
        models = self.services.models.current
        found = self.predict_for(models, people_of(cases), partial(features_of, cases))
        said = answers(models, cases, found)
        record(self.services, found, seconds=time.perf_counter() - began)
        return said

    def predict_for(self, models: ModelSet, people: People, compute: Callable[[int], Rows]) -> Predicted:
        """What `models` say of `people`. Raises `Refused` (503) where none serves."""
        services = self.services
        return predict(
            models,
            people,
            compute,
            make_ids=services.receipts.make_ids,
            secret=services.secret,
            least_days=services.settings.least_history_days,
        )

    async def feedback(self, request: Request) -> Response:
        """`POST /feedback`: the last word counts, so that repeating it changes nothing."""
        require_json(request)
        told = decode(await self.body(request), schema.FeedbackRequest)
        if not self.services.receipts.is_genuine(told.prediction_id):
            raise Refused("unknown-prediction", "No prediction of this service has this prediction_id.")
        if told.migraine_severity and not told.migraine_occurrence:
            raise invalid("$.migraine_severity", f"contradicts {ATTACK} = 0", f"null, or {ATTACK} = 1")
        self.services.feedback.append(
            Feedback(
                prediction_id=told.prediction_id,
                migraine_occurrence=bool(told.migraine_occurrence),
                migraine_severity=told.migraine_severity if told.migraine_occurrence else None,
                time=self.services.clock(),
            )
        )
        return json_answer({"prediction_id": told.prediction_id, "status": "recorded"})

    async def models(self, _: Request) -> Response:
        """`GET /models`."""
        return json_answer(described(self.services.models.current))

    async def health(self, _: Request) -> Response:
        """`GET /health`: this process answers."""
        return json_answer({"status": "alive"})

    async def ready(self, _: Request) -> Response:
        """`GET /ready`: verified models are loaded."""
        models = self.services.models.current
        if not models.ready:
            raise Refused("not-ready", " ".join(models.problems), headers={"Retry-After": "5"})
        bundles = {task: model.champion.bundle.hash for task, model in models.tasks.items()}
        return json_answer({"status": "ready", "models": bundles})

    async def metrics(self, _: Request) -> Response:
        """`GET /metrics`: all replicas of the node."""
        return Response(self.services.metrics.render(), headers={"content-type": CONTENT_TYPE})

    async def body(self, request: Request, *, most: int | None = None) -> bytes:
        """The body within its limits."""
        settings = self.services.settings
        return await read_body(request, most=most or settings.max_body_bytes, seconds=settings.request_timeout)

    async def work(self, job: Callable[[], bytes], *, long: bool) -> bytes:
        """`job`: at once where it is short, which is the quickest; a `long` one on the thread for these, so that the
        others need not wait for it.
        """
        if not long:
            return job()
        return await asyncio.get_running_loop().run_in_executor(self.services.executor, job)

    def now(self) -> dt.datetime:
        """The time, UTC."""
        return dt.datetime.fromtimestamp(self.services.clock(), dt.UTC)


def described(models: ModelSet) -> dict[str, Any]:
    """What serves, for a reader."""
    return {
        "version": models.version,
        "tasks": {task: _task(model) for task, model in models.tasks.items()},
        "problems": list(models.problems),
    }


def _task(model: TaskModel) -> dict[str, Any]:
    trial = model.trial
    return {
        "champion": _model(model.champion),
        "rollout": None
        if trial is None
        else {
            "mode": trial.rollout.mode,
            "percent": trial.rollout.percent,
            "since": trial.rollout.since,
            "model": _model(trial.served),
        },
    }


def _model(served: Served) -> dict[str, Any]:
    manifest, identity = served.manifest, served.identities["champion"]
    return {
        "algorithm": manifest.algorithm,
        "bundle": served.bundle.hash,
        "data_version": manifest.data_version,
        "dagster_run": identity.dagster_run,
        "mlflow_run": identity.mlflow_run,
        "horizon": manifest.horizon,
        "severity_kind": manifest.severity_kind,
        "threshold": manifest.threshold,
        "least_history_days": served.least_days,
        "features": list(manifest.features),
        "same_features_code": served.same_features_code,
        "metrics": manifest.metrics,
        "training": manifest.training,
        "notes": list(manifest.notes),
    }
