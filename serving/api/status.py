"""Information about the service: `/`, `/models`, `/health`, `/ready`, `/metrics`, `/openapi.json`.

Not here: the OpenAPI document (`serving.api.openapi`), pages for people (`serving.api.page`), how metrics are counted
(`serving.metrics`).
"""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from migraine_assets.prediction.loaded import LoadedModel
from migraine_assets.prediction.model_set import ModelSet, TaskModel
from serving.api import openapi
from serving.api.bodies import json_response
from serving.contract.model_descriptions import Models, ServedModel, ServedRollout, ServedTask
from serving.contract.responses import Index, Ready, Status
from serving.metrics.registry import CONTENT_TYPE
from serving.services import Services


async def index(services: Services, request: Request) -> Response:
    """Handle `GET /`: list the endpoints. Without the page, a browser is redirected to `/docs`."""
    root = request.scope.get("root_path", "").rstrip("/")
    with_docs = services.settings.docs
    if with_docs and "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(f"{root}/docs", headers={"vary": "accept"})
    docs, schema = (f"{root}/docs", f"{root}/openapi.json") if with_docs else (None, None)
    return json_response(Index(openapi.TITLE, docs, schema, list(openapi.PATHS)), headers={"vary": "accept"})


async def models(services: Services, _: Request) -> Response:
    """Handle `GET /models`: describe the models that serve."""
    return json_response(describe(services.predictor.models))


async def health(_: Request) -> Response:
    """Handle `GET /health`: the process answers."""
    return json_response(Status("alive"))


async def ready(services: Services, _: Request) -> Response:
    """Handle `GET /ready`: 200 if verified models are loaded, 503 otherwise."""
    current = services.predictor.models
    current.require_ready()
    champions = {task: model.champion.bundle.hash for task, model in current.tasks.items()}
    return json_response(Ready("ready", champions, list(current.problems)))


async def metrics(services: Services, _: Request) -> Response:
    """Handle `GET /metrics`: the metrics of all replicas of the node."""
    return Response(services.metrics.render(), headers={"content-type": CONTENT_TYPE})


async def document(services: Services, _: Request) -> Response:
    """Handle `GET /openapi.json`."""
    models = services.predictor.models
    return json_response(openapi.document(services.settings, models.requests, _examples(models)))


def _examples(models: ModelSet) -> openapi.Examples:
    champions = {task: model.champion for task, model in models.tasks.items()}
    if "attack" not in champions:
        return openapi.Examples()
    history = any(model.least_days for model in champions.values())
    return openapi.Examples(history, tuple(champions["attack"].row.tolist()))


def describe(current: ModelSet) -> Models:
    """Return the models of `current` as the response describes them."""
    return Models(
        version=current.version,
        tasks={task: _task(model) for task, model in current.tasks.items()},
        problems=list(current.problems),
    )


def _task(model: TaskModel) -> ServedTask:
    return ServedTask(_model(model.champion), _rollout(model))


def _rollout(model: TaskModel) -> ServedRollout | None:
    if model.candidate is None:
        return None
    rollout = model.candidate.rollout
    return ServedRollout(rollout.mode, rollout.percent, rollout.since, _model(model.candidate.model))


def _model(model: LoadedModel) -> ServedModel:
    manifest, identity = model.manifest, model.identities["champion"]
    return ServedModel(
        algorithm=manifest.algorithm,
        bundle=model.bundle.hash,
        data_version=manifest.data_version,
        dagster_run=identity.dagster_run,
        mlflow_run=identity.mlflow_run,
        horizon=manifest.horizon,
        outcome=manifest.outcome,
        severity_kind=manifest.severity_kind,
        threshold=manifest.threshold,
        least_history_days=model.least_days,
        features=list(manifest.names),
        same_features_code=model.same_features_code,
        simulated=model.simulated,
        metrics=manifest.metrics,
        training=manifest.training,
        notes=list(manifest.notes),
    )
