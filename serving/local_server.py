"""`migraine serve`: starts and stops the service on this machine, in Ray or in a single process.

Not here: Ray's settings (`serving.deployment`, `serving.cluster.ray_environment`).
"""

import logging
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

from migraine_assets.errors import ConfigurationError, MigraineError, StoreError
from migraine_assets.settings import Settings
from migraine_assets.stores.file_modes import restrict
from migraine_assets.stores.registry.pointer import read_pointer
from migraine_assets.stores.store import Store
from serving import logs
from serving.cluster.draining import drain
from serving.cluster.ray_environment import HAPROXY_SOCKET, close_token, ray_environment
from serving.settings import ServingSettings

Say = Callable[[str], None]
OBJECT_STORE_BYTES = 128 << 20
PROBE_CONNECTIONS = 64


def run(settings: ServingSettings, *, say: Say) -> None:
    """Serve with Ray until Ctrl-C or SIGTERM, then stop every process that was started."""
    check_address(settings)
    # Ray's processes inherit the file mode, so only this user can read their logs, sockets and token.
    restrict(group=Settings().group_access)
    close_token()
    with _temporary_folder() as temporary, _stopped_by_signals():
        os.environ.update(_replica_environment(settings, temporary))
        os.environ.update(ray_environment(settings, temporary=temporary))
        say("Starting Ray and the first replica. This takes about 30 s.")
        with _ray(settings, temporary):
            announce(settings, say=say)
            _wait()
    say("Stopped.")


def run_plain(settings: ServingSettings, *, say: Say) -> None:
    """Serve from this process, without Ray: for development, and for one pod of several."""
    from serving.app import create_app, probes_only
    from serving.http_server import Connections, Server, affordable_connections, bind
    from serving.services import freeze_heap, open_services

    check_address(settings)
    logs.configure()
    # Uvicorn sends itself the signal again after shutdown, which would end this process before its cleanup.
    with _temporary_folder() as temporary, _stopped_by_signals():
        node = {"node_folder": settings.node_folder or temporary}
        services = open_services(settings.model_copy(update=node))
        try:
            announce(settings, say=say)
            app = create_app(services)
            most = affordable_connections(settings.max_connections)
            connections = Connections(most, settings.connections_per_client)
            also: tuple[Server, ...] = ()
            if settings.health_port:
                probes = bind(settings.host, settings.health_port)
                also = (Server(probes_only(app), probes, Connections(PROBE_CONNECTIONS, drain_seconds=0)),)
            freeze_heap()
            Server(app, bind(settings.host, settings.port), connections, also=also).run()
        finally:
            services.close()
    say("Stopped.")


def check_address(settings: ServingSettings) -> None:
    """Raise `ConfigurationError` if the port is in use, or if the network could send requests without a key."""
    if not settings.loopback and not settings.api_keys_required:
        raise ConfigurationError(
            f"Everyone on the network could send requests to {settings.host}. Set SERVING_API_KEYS_REQUIRED=true and "
            "create a key with `migraine keys create NAME`, or serve on 127.0.0.1."
        )
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise ConfigurationError(
                f"Port {settings.port} on {settings.host} cannot be used: {error.strerror or error}. "
                "Choose another port: migraine serve --port 8001."
            ) from error


def announce(settings: ServingSettings, *, say: Say) -> None:
    """Print where the service listens and, if it is not ready, what is missing."""
    say(f"Serving on http://{settings.address(settings.port)}, with its API at /docs. Press Ctrl-C to stop.")
    try:
        pointer = read_pointer(Store(Settings().store_location))
    except StoreError as error:
        say(f"Not ready: {error}")
        return
    if not pointer.tasks:
        say(
            "Alive, but not ready: there is no champion yet. `migraine run` trains and promotes one, which the service "
            "loads within seconds and without a restart."
        )


@contextmanager
def _ray(settings: ServingSettings, temporary: Path) -> Iterator[None]:
    import ray
    from ray import serve

    from serving.deployment import NAME, Arguments, build_app

    try:
        ray.init(
            address="local",
            # One CPU per replica. Ray's own actors need none.
            num_cpus=max(settings.min_replicas, settings.max_replicas, os.cpu_count() or 1),
            include_dashboard=False,
            object_store_memory=OBJECT_STORE_BYTES,
            _temp_dir=str(temporary / "ray"),
            logging_level=logging.WARNING,
        )
        serve.start(
            proxy_location="HeadOnly",
            # Clients connect to HAProxy. Ray behind it listens on this machine only.
            http_options={"host": "127.0.0.1" if settings.haproxy else settings.host, "port": settings.port},
            logging_config={"enable_access_log": False, "log_level": "WARNING"},
        )
        serve.run(build_app(Arguments()), name=NAME, route_prefix="/")
        yield
    finally:
        if ray.is_initialized():
            # The socket is in a folder that Ray creates for its node.
            for admin_socket in temporary.glob(f"*/{HAPROXY_SOCKET}"):
                drain(admin_socket, seconds=settings.request_timeout)
            with _quiet():
                serve.shutdown()  # type: ignore[no-untyped-call]
                ray.shutdown()


@contextmanager
def _quiet() -> Iterator[None]:
    """Drop Ray's output in this block: Ray reports the processes that it ends itself as killed or crashed.

    Errors are raised, not printed.
    """
    with Path(os.devnull).open("w") as sink, redirect_stdout(sink), redirect_stderr(sink):
        yield


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """End the block on SIGINT or SIGTERM. Both signals are ignored while it cleans up."""
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
    """The service was asked to stop."""


def _interrupt(*_: object) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise _Stop("stopped")


def _wait() -> None:
    # Again, because `ray.init` replaces the handlers.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    while True:
        time.sleep(3600)


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    # A short path, because Ray creates Unix sockets in it, whose paths may have at most 107 characters.
    path = Path(tempfile.mkdtemp(prefix="migraine-", dir=os.environ.get("RAY_TMPDIR") or tempfile.gettempdir()))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _replica_environment(settings: ServingSettings, temporary: Path) -> dict[str, str]:
    """Return the settings for the replicas. Paths are absolute, because replicas run in another folder."""
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
