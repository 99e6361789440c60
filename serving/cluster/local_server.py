"""`migraine serve`: Ray on this machine with the service in it, until Ctrl-C; and the service alone, without Ray.

Here belong beginning and end. Not here: Ray's settings (`serving.deployment`, `serving.cluster.ray_environment`).
"""

import logging
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from migraine_assets.errors import ConfigurationError, MigraineError, StoreError
from migraine_assets.settings import Settings
from migraine_assets.stores.registry.pointer import read_pointer
from migraine_assets.stores.store import Store
from serving import logs
from serving.cluster.ray_environment import ray_environment
from serving.settings import ServingSettings

Say = Callable[[str], None]
OBJECT_STORE_BYTES = 128 << 20


def run(settings: ServingSettings, *, say: Say) -> None:
    """Serve with Ray until told to stop; then everything that was started is gone."""
    refuse_unusable(settings)
    with _temporary_folder() as temporary, _stopped_by_signals():
        os.environ.update(_replica_environment(settings, temporary))
        os.environ.update(ray_environment(settings, temporary=temporary))
        say("Starting Ray and the first replica: this takes half a minute.")
        with _ray(settings, temporary):
            tell(settings, say=say)
            _wait()
    say("Stopped.")


def run_plain(settings: ServingSettings, *, say: Say) -> None:
    """Serve from this one process, without Ray: for development. No replicas, no draining."""
    import uvicorn

    from serving.app import create_app
    from serving.services import open_services

    refuse_unusable(settings)
    logs.configure()
    # Uvicorn sends itself the signal again when it has ended: by itself that would be the end of what comes after it.
    with _temporary_folder() as temporary, _stopped_by_signals():
        node = {"node_folder": settings.node_folder or temporary}
        services = open_services(settings.model_copy(update=node))
        try:
            tell(settings, say=say)
            uvicorn.run(
                create_app(services),
                host=settings.host,
                port=settings.port,
                log_level="warning",
                access_log=False,
                # The application reads that header itself, where it is to be believed.
                proxy_headers=False,
            )
        finally:
            services.close()
    say("Stopped.")


def refuse_unusable(settings: ServingSettings) -> None:
    """Raise `ConfigurationError` for a port that is taken, and for an open door."""
    if not settings.loopback and not settings.api_keys_required:
        raise ConfigurationError(
            f"On {settings.host} the whole network could ask. Set SERVING_API_KEYS_REQUIRED=true and make a key with "
            "`migraine keys create NAME`, or serve on 127.0.0.1."
        )
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise ConfigurationError(
                f"Port {settings.port} on {settings.host} cannot be used: {error.strerror or error}. "
                "Name another: migraine serve --port 8001."
            ) from error


def tell(settings: ServingSettings, *, say: Say) -> None:
    """Where the service is, and what is missing."""
    say(f"Serving on http://{settings.host}:{settings.port} (what it offers: /docs). Ctrl-C stops it.")
    try:
        pointer = read_pointer(Store(Settings().store_location))
    except StoreError as error:
        say(f"Not ready: {error}")
        return
    if not pointer.tasks:
        say(
            "Alive, but not ready: no champion yet. `migraine run` trains and promotes one; the service takes it "
            "within seconds, without a restart."
        )


@contextmanager
def _ray(settings: ServingSettings, temporary: Path) -> Iterator[None]:
    import ray
    from ray import serve

    from serving.deployment import NAME, Arguments, build_app

    try:
        ray.init(
            address="local",
            # One for each replica; Ray's own actors ask for none.
            num_cpus=max(settings.min_replicas, settings.max_replicas, os.cpu_count() or 1),
            include_dashboard=False,
            object_store_memory=OBJECT_STORE_BYTES,
            _temp_dir=str(temporary / "ray"),
            logging_level=logging.WARNING,
            **_address(settings),
        )
        serve.start(
            proxy_location="HeadOnly",
            http_options={"host": settings.host, "port": settings.port},
            logging_config={"enable_access_log": False, "log_level": "WARNING"},
        )
        serve.run(build_app(Arguments()), name=NAME, route_prefix="/")
        yield
    finally:
        if ray.is_initialized():
            serve.shutdown()  # type: ignore[no-untyped-call]
            ray.shutdown()


def _address(settings: ServingSettings) -> dict[str, Any]:
    return {"_node_ip_address": "127.0.0.1"} if settings.loopback else {}


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Ctrl-C and TERM end the block; while it cleans up, they no longer hurt."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, _interrupt)
    try:
        yield
    except _Stop:
        return
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Stop(MigraineError):
    """Somebody wants the service to end."""


def _interrupt(*_: object) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise _Stop("stopped")


def _wait() -> None:
    # Ray sets a handler of its own when it is initialised.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    while True:
        time.sleep(3600)


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    # Short: Ray keeps Unix sockets in it, whose paths may not exceed 107 characters.
    path = Path(tempfile.mkdtemp(prefix="migraine-", dir=os.environ.get("RAY_TMPDIR") or tempfile.gettempdir()))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _replica_environment(settings: ServingSettings, temporary: Path) -> dict[str, str]:
    """What the replicas read again: absolute paths, since they work in another folder."""
    home = Settings()
    explicit = {
        f"SERVING_{name.upper()}": _text(value) for name, value in settings.model_dump(exclude_unset=True).items()
    }
    return {
        "MIGRAINE_HOME": str(home.root),
        **({"MIGRAINE_STORE_URI": home.store_uri} if home.store_uri else {}),
        **explicit,
        "SERVING_NODE_FOLDER": str(settings.node_folder or temporary / "node"),
    }


def _text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
