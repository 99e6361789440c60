"""The Ray Serve deployment: number of replicas, requests per replica, start and end of a replica.

Entry point of `serve run serving.deployment:build_app` and of `serving/serve_config.yaml`. Not here: what a replica
does with a request (`serving.app`), starting Ray (`serving.local_server`).
"""

import os
import warnings
from typing import Any

import ray
from pydantic import BaseModel
from ray import serve
from ray.serve import Application, Deployment
from ray.serve.config import AutoscalingConfig, AutoscalingPolicy, BackpressureConfig
from starlette.types import ASGIApp

from serving import logs
from serving.app import create_app
from serving.cluster.haproxy_front import PROBE_SLOTS
from serving.cluster.node_sockets import listen_on_node_address
from serving.cluster.ray_environment import REPLICA
from serving.cluster.scaling import CPU_USAGE, CpuUsage, replicas_for_load
from serving.metrics.registry import Metrics
from serving.metrics.side_port import SidePort
from serving.services import freeze_heap, open_services
from serving.settings import ServingSettings

NAME = "migraine"
RETRY_AFTER_SECONDS = 1


class Arguments(BaseModel):
    """Arguments of `serve run serving.deployment:build_app name=value`. Other settings are `SERVING_*` variables."""

    min_replicas: int | None = None
    max_replicas: int | None = None


class Replica:
    """One serving process. It holds the models itself, so that a request needs no second process."""

    def __init__(self) -> None:
        logs.configure()
        listen_on_node_address()
        settings = node_settings(ServingSettings())
        self._services = open_services(settings)
        self._side_port = _side_port(self._services.metrics, settings)
        self._cpu_usage = CpuUsage()
        freeze_heap()

    def __serve_build_asgi_app__(self) -> ASGIApp:
        """Return the application. Ray calls this after `__init__`."""
        return create_app(self._services)

    def reconfigure(self, user_config: dict[str, Any]) -> None:  # noqa: ARG002 - its content does not matter
        """Poll the model pointer now. Ray calls this when `user_config` has changed."""
        self._services.models.check()

    def record_autoscaling_stats(self) -> dict[str, float]:
        """Return the load of this replica. Ray calls this about once a second."""
        return {CPU_USAGE: self._cpu_usage.share()}

    def check_health(self) -> None:
        """Raise an error if Ray should replace this replica."""
        if problem := self._services.problem():
            raise RuntimeError(problem)

    def __del__(self) -> None:
        # Ray calls this after the last request, before it ends the process.
        for part in (getattr(self, "_side_port", None), getattr(self, "_services", None)):
            if part is not None:
                part.close()


def _side_port(metrics: Metrics, settings: ServingSettings) -> SidePort | None:
    return SidePort(metrics, host=settings.host, port=settings.metrics_port) if settings.metrics_port else None


def node_settings(settings: ServingSettings) -> ServingSettings:
    """Return `settings` with a folder that only the replicas of this Ray session on this node use."""
    if settings.node_folder is not None:
        return settings
    session = ray.get_runtime_context().get_session_name()
    return settings.model_copy(update={"node_folder": settings.shared_folder / session})


def autoscaling(settings: ServingSettings, arguments: Arguments) -> AutoscalingConfig:
    """Return the autoscaling settings: up within seconds of sustained load, down after `downscale_delay` seconds
    without.
    """
    least = arguments.min_replicas or settings.min_replicas
    most = arguments.max_replicas or settings.max_replicas or os.cpu_count() or 1
    with warnings.catch_warnings():
        # `metrics_interval_s` is deprecated in favor of an environment variable, which is set too. Without the
        # argument, Ray rejects the look-back period as shorter than the interval.
        warnings.simplefilter("ignore", DeprecationWarning)
        return AutoscalingConfig(
            min_replicas=least,
            max_replicas=max(least, most),
            policy=AutoscalingPolicy(policy_function=replicas_for_load),  # type: ignore[no-untyped-call]
            target_ongoing_requests=max(1, settings.max_ongoing_requests // 2),
            metrics_interval_s=1,
            look_back_period_s=2,
            upscale_delay_s=1,
            downscale_delay_s=settings.downscale_delay,
        )


def _slots(settings: ServingSettings) -> int:
    """Return how many requests Ray may send to a replica. With HAProxy, which limits each class, it is their sum."""
    small = settings.max_ongoing_requests
    return 2 * small + PROBE_SLOTS if settings.haproxy else small


def options(settings: ServingSettings, arguments: Arguments) -> dict[str, Any]:
    """Return Ray's options for the deployment."""
    return {
        "name": NAME,
        "autoscaling_config": autoscaling(settings, arguments),
        "max_ongoing_requests": _slots(settings),
        "max_queued_requests": settings.max_queued_requests,
        "backpressure_config": BackpressureConfig(status_code=503, retry_after_s=RETRY_AFTER_SECONDS),
        "graceful_shutdown_wait_loop_s": 0.5,
        "graceful_shutdown_timeout_s": settings.request_timeout,
        "health_check_period_s": 5,
        "health_check_timeout_s": 15,
        # The application counts requests. An access log line for each would cost a tenth of the throughput.
        "logging_config": {"log_level": "WARNING", "enable_access_log": False},
        "ray_actor_options": {"num_cpus": 1, **_runtime_environment()},
    }


def _runtime_environment() -> dict[str, Any]:
    """Return the variables that the replicas need and do not inherit. If there are none, Ray reuses prestarted
    processes.
    """
    missing = {name: value for name, value in REPLICA.items() if os.environ.get(name) != value}
    return {"runtime_env": {"env_vars": missing}} if missing else {}


def build_app(arguments: Arguments) -> Application:
    """Return the application for `serve run`, `serve deploy` and `migraine serve`."""
    deployment: Deployment = serve.deployment(**options(ServingSettings(), arguments))(serve.ingress()(Replica))
    return deployment.bind()
