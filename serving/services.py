"""The parts of one replica (models, logs, metrics, limits, keys), opened and closed together.

Not here: what each part does (its own module), processes (`serving.deployment`, `serving.local_server`).
"""

import datetime as dt
import gc
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import Request

from migraine_assets.prediction.model_set import NO_CHAMPION, ModelSet
from migraine_assets.prediction.prediction_ids import PredictionIds
from migraine_assets.prediction.predictor import Predictor
from migraine_assets.settings import Settings
from migraine_assets.stores.diaries.database import open_database
from migraine_assets.stores.diaries.diaries import Diaries, Limits
from migraine_assets.stores.file_modes import restrict
from migraine_assets.stores.monitoring.gauges import read_gauges
from migraine_assets.stores.monitoring.pipeline_status import read_pipeline_status
from migraine_assets.stores.signing_secret import shared_secret
from migraine_assets.stores.store import Store
from serving.access.api_keys import KeyRing
from serving.access.rate_limit import Limiter
from serving.background import attempt, repeat
from serving.diaries import DiaryAccess
from serving.input.arrow_files import TableMemory
from serving.input.table_reader import TableReader
from serving.jobs import BodyMemory, Job, LongJobs, unlimited
from serving.log.writer import FeedbackLog, PredictionLog, open_feedback, open_prediction_log
from serving.metrics.registry import Metrics
from serving.metrics.shared_counts import ModelInfo
from serving.model.watcher import Listener, ModelWatcher, ServedModels
from serving.settings import ServingSettings

TICK_SECONDS = 1.0
PUBLISHED_SECONDS = 5.0
# Larger bodies have a thread of their own, so that smaller ones do not wait for them.
LARGE_BODY_BYTES = 1 << 20
# Reports accepted for one prediction: people correct themselves a few times, and programs repeat failed requests.
FEEDBACK_BURST = 10
FEEDBACK_RATE = 1 / 600  # per second


@dataclass(frozen=True)
class Services:
    """The parts of one replica. `clock`: seconds since 1970."""

    models: ModelWatcher
    predictor: Predictor[ServedModels]
    ids: PredictionIds
    prediction_log: PredictionLog
    feedback_log: FeedbackLog
    metrics: Metrics
    limiter: Limiter
    feedback_limiter: Limiter
    keys: KeyRing
    settings: ServingSettings
    tables: TableReader
    jobs: LongJobs
    bodies: BodyMemory
    diaries: DiaryAccess
    table_memory: TableMemory = field(default_factory=TableMemory)
    clock: Callable[[], float] = time.time
    _closing: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Load the promoted models, then follow pointer and keys and publish the state once a second until `close`."""
        self.models.start()
        self.keys.start()
        repeat("metrics", self._tick, interval=TICK_SECONDS, stop=self._closing)
        # In a thread of its own: a slow or unreachable store must delay neither predictions nor scrapes.
        threading.Thread(target=self._refresh, name="published", daemon=True).start()

    def now(self) -> dt.datetime:
        """Return the current time in UTC."""
        return dt.datetime.fromtimestamp(self.clock(), dt.UTC)

    async def run(self, job: Job, request: Request, *, size: int, long: bool) -> bytes:
        """Run a short `job` at once in the event loop, which is fastest, and a `long` one in a thread.

        `size`: the bytes of the body of `request`. Raises `Refused` as `serving.jobs.LongJobs` does.
        """
        return await self.jobs.run(job, request.receive, large=size > LARGE_BODY_BYTES) if long else job(unlimited)

    def problem(self) -> str | None:
        """Return why this replica should be replaced (a thread has died), or None."""
        alive = {
            "the prediction log": self.prediction_log.alive,
            "the feedback log": self.feedback_log.alive,
            "the model watcher": self.models.alive,
        }
        dead = [name for name, lives in alive.items() if not lives]
        return f"The thread of {', '.join(dead)} has ended." if dead else None

    def close(self) -> None:
        """Stop every thread and write what the logs still contain. A second call does nothing."""
        if self._closing.is_set():
            return
        self._closing.set()
        self.jobs.close()
        self.tables.close()
        self.models.stop()
        self.keys.close()
        self.prediction_log.close()
        self.feedback_log.close()
        self._show_logs()
        self.diaries.close()
        self.limiter.close()
        self.feedback_limiter.close()
        self.metrics.close()

    def _tick(self) -> None:
        self._show_logs()
        self.metrics.tick()
        if self.table_memory.tick():
            self.tables.release()

    def _refresh(self) -> None:
        attempt("published", self.metrics.refresh)
        repeat("published", self.metrics.refresh, interval=PUBLISHED_SECONDS, stop=self._closing)

    def _show_logs(self) -> None:
        self.metrics.set_logs((self.prediction_log.state, self.feedback_log.state))


def open_services(settings: ServingSettings, *, store: Store | None = None) -> Services:
    """Open and start the parts of one replica. `store`: by default that of `MIGRAINE_HOME` or `MIGRAINE_STORE_URI`."""
    home = Settings()
    restrict(group=home.group_access)
    store = store or Store(home.store_location)
    secret = shared_secret(store, configured=settings.secret)
    metrics = Metrics(
        settings.shared_folder, gauges=lambda: read_gauges(store), pipeline=lambda: read_pipeline_status(store)
    )
    models = ModelWatcher(store, interval=settings.poll_seconds, listener=counting(metrics))
    ids = PredictionIds(secret)
    services = Services(
        models=models,
        predictor=Predictor(
            lambda: models.current,
            make_ids=ids.make,
            secret=secret,
            least_history_days=settings.least_history_days,
        ),
        ids=ids,
        prediction_log=open_prediction_log(store, secret=secret, settings=settings),
        feedback_log=open_feedback(store, settings=settings),
        metrics=metrics,
        limiter=Limiter(settings.shared_folder, rate=settings.rate_limit, burst=settings.rate_burst),
        feedback_limiter=Limiter(
            settings.shared_folder, rate=FEEDBACK_RATE, burst=FEEDBACK_BURST, name="feedback-limits"
        ),
        keys=KeyRing(store, required=settings.api_keys_required),
        settings=settings,
        tables=TableReader(on_death=metrics.count_table_worker_death),
        jobs=LongJobs(most=settings.max_long_jobs, seconds=settings.request_timeout, on_drop=metrics.count_dropped_job),
        bodies=BodyMemory(settings.max_buffered_bytes),
        diaries=DiaryAccess(
            open_diaries(settings, home=home.root, secret=secret) if settings.diaries else None,
            seconds=settings.request_timeout,
            on_failure=metrics.count_diary_failure,
        ),
    )
    services.start()
    return services


def open_diaries(settings: ServingSettings, *, home: Path, secret: bytes) -> Diaries:
    """Return the kept diaries. The first request connects to the database, so predictions do not depend on it."""
    limits = Limits(days=settings.max_diary_days, participants=settings.max_participants)
    return Diaries(open_database(settings.diary_url, home=home), secret=secret, limits=limits)


def freeze_heap() -> None:
    """Exclude everything loaded so far from garbage collection, because it stays until the process ends."""
    gc.collect()
    gc.freeze()


def counting(metrics: Metrics) -> Listener:
    """Return a listener of a `ModelWatcher` that counts reloads and publishes the models of this replica."""

    def listener(models: ModelSet, *, success: bool) -> None:
        metrics.count_reload(success=success)
        problems = 0 if models.problems == (NO_CHAMPION,) else len(models.problems)
        metrics.set_model_info(model_infos(models), ready=models.ready, problems=problems)

    return listener


def model_infos(models: ModelSet) -> list[ModelInfo]:
    """Return every model of the set, as metrics show it."""
    infos = []
    for task, model in models.tasks.items():
        arms = ["champion", *([model.candidate.rollout.mode] if model.candidate else [])]
        for arm, loaded in zip(arms, model.all, strict=True):
            manifest = loaded.manifest
            infos.append(ModelInfo(task, arm, manifest.algorithm, loaded.bundle.hash, manifest.data_version))
    return infos
