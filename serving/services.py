"""What the application works with: models, logs, counts, limits and keys of one replica, opened and closed together.

Here belongs their assembly. Not here: what each does (its own module), processes (`deployment`, `server`).
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field

from migraine_assets.settings import Settings
from migraine_assets.stores.monitoring.gauges import read_figures
from migraine_assets.stores.monitoring.pipeline_status import read_operations
from migraine_assets.stores.signing_secret import shared_secret
from migraine_assets.stores.store import Store
from serving.access.api_keys import KeyRing
from serving.access.rate_limit import Limiter
from serving.input.arrow_files import TableMemory
from serving.log.writer import FeedbackLog, ReceiptLog, open_feedback, open_receipts
from serving.metrics.registry import Metrics, ModelInfo
from serving.model.watcher import NO_CHAMPION, Listener, ModelSet, ModelWatcher
from serving.settings import ServingSettings

TICK_SECONDS = 1.0
LOOK_SECONDS = 5.0


@dataclass(frozen=True)
class Services:
    """One replica's parts. `secret`: what all replicas share. `clock`: seconds since 1970.

    `tables`: the memory that these took. `executor`: one thread for what takes long, beside the event loop.
    """

    models: ModelWatcher
    receipts: ReceiptLog
    feedback: FeedbackLog
    metrics: Metrics
    limiter: Limiter
    keys: KeyRing
    settings: ServingSettings
    secret: bytes
    tables: TableMemory = field(default_factory=TableMemory)
    executor: Executor = field(default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="long"))
    clock: Callable[[], float] = time.time
    _closing: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Load what there is, then follow pointer and keys and show the state once a second, until `close`."""
        self.models.start()
        self.keys.start()
        threading.Thread(target=self._tick, name="metrics", daemon=True).start()
        threading.Thread(target=self._look, name="published", daemon=True).start()

    def problem(self) -> str | None:
        """Why this replica should be replaced, or None: a thread of it has died."""
        alive = {"receipts": self.receipts.alive, "feedback": self.feedback.alive, "models": self.models.alive}
        dead = [name for name, lives in alive.items() if not lives]
        return f"The thread of {', '.join(dead)} has ended." if dead else None

    def close(self) -> None:
        """End every thread, and write what the logs still hold. A second call does nothing."""
        if self._closing.is_set():
            return
        self._closing.set()
        self.executor.shutdown()
        self.models.stop()
        self.keys.close()
        self.receipts.close()
        self.feedback.close()
        self._show()
        self.limiter.close()
        self.metrics.close()

    def _tick(self) -> None:
        while not self._closing.wait(TICK_SECONDS):
            self._show()
            self.metrics.tick()
            self.tables.tick()

    def _look(self) -> None:
        # On a thread of its own: a store that is slow or gone must delay neither answers nor scrapes.
        self.metrics.look()
        while not self._closing.wait(LOOK_SECONDS):
            self.metrics.look()

    def _show(self) -> None:
        self.metrics.set_logs((self.receipts.state, self.feedback.state))


def open_services(settings: ServingSettings, *, store: Store | None = None) -> Services:
    """The parts of one replica, running. `store`: by default the one of `MIGRAINE_HOME` or `MIGRAINE_STORE_URI`."""
    store = store or Store(Settings().store_location)
    secret = shared_secret(store, configured=settings.secret)
    metrics = Metrics(
        settings.shared_folder, figures=lambda: read_figures(store), operations=lambda: read_operations(store)
    )
    services = Services(
        models=ModelWatcher(store, interval=settings.poll_seconds, listener=counting(metrics)),
        receipts=open_receipts(store, secret=secret, settings=settings),
        feedback=open_feedback(store, settings=settings),
        metrics=metrics,
        limiter=Limiter(settings.shared_folder, rate=settings.rate_limit, burst=settings.rate_burst),
        keys=KeyRing(store, required=settings.api_keys_required),
        settings=settings,
        secret=secret,
    )
    services.start()
    return services


def counting(metrics: Metrics) -> Listener:
    """A listener of a `ModelWatcher` that counts reloads and shows which models this replica holds."""

    def listener(models: ModelSet, *, success: bool) -> None:
        metrics.count_reload(success=success)
        problems = 0 if models.problems == (NO_CHAMPION,) else len(models.problems)
        metrics.set_model_info(model_infos(models), ready=models.ready, problems=problems)

    return listener


def model_infos(models: ModelSet) -> list[ModelInfo]:
    """Every model of the set, as metrics show it."""
    found = []
    for task, model in models.tasks.items():
        arms = ["champion", *([model.trial.rollout.mode] if model.trial else [])]
        for arm, served in zip(arms, model.all, strict=True):
            manifest = served.manifest
            found.append(ModelInfo(task, arm, manifest.algorithm, served.bundle.hash, manifest.data_version))
    return found
