"""Which models serve: follow the pointer file, load and verify new bundles, swap them in atomically.

Not here: the format of the pointer (`migraine_assets.stores.registry.pointer`), preparing one model
(`migraine_assets.prediction.loaded`), predicting (`migraine_assets.prediction.predictor`).
"""

import logging
import threading
import time
from collections.abc import Callable
from functools import cached_property
from typing import Literal, Protocol

from migraine_assets.core.tasks import TASKS
from migraine_assets.errors import StoreError
from migraine_assets.prediction.loaded import LoadedModel, load_model
from migraine_assets.prediction.model_set import NO_CHAMPION, ModelSet, RolloutCandidate, TaskModel
from migraine_assets.stores.registry.pointer import Pointer, refresh_pointer
from migraine_assets.stores.store import Store
from serving.background import attempt, repeat
from serving.contract.requests import RequestSchema, request_schema

_log = logging.getLogger(__name__)

# A refused bundle is loaded again after this time, because it may have been incomplete.
RETRY_SECONDS = 30.0


class ServedModels(ModelSet):
    """The models of a replica, with the request bodies that they understand."""

    @cached_property
    def requests(self) -> RequestSchema:
        """The request bodies of the contract of these models."""
        return request_schema(self.contract)


class Listener(Protocol):
    """Called after each attempt to load models."""

    def __call__(self, models: ServedModels, *, success: bool) -> None: ...


Outcome = Literal["unchanged", "swapped", "refused"]


class ModelWatcher:
    """A watcher that follows the pointer of a store. `current` is the set to predict with; reading it is atomic.

    `check` polls the pointer once; `start` polls it every `interval` seconds in a thread. `listener` is called after
    each attempt to load.
    """

    def __init__(
        self,
        store: Store,
        *,
        interval: float = 1.0,
        listener: Listener | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.current = ServedModels()
        self._store, self._interval, self._listener = store, interval, listener
        self._clock = clock
        self._pointer: Pointer | None = None
        self._retry_at = float("inf")
        self._pointer_problem: str | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._checking = threading.Lock()

    def start(self) -> None:
        """Load the promoted models, then poll the pointer until `stop`. Errors are logged and counted."""
        attempt("models", self.check, on_error=self._failed)
        self._thread = repeat("models", self.check, interval=self._interval, stop=self._stop, on_error=self._failed)

    def stop(self) -> None:
        """Stop the thread; the loaded models stay."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether the polling thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def check(self) -> Outcome:
        """Poll the pointer and load what is new. Errors of the store and of bundles are logged, not raised."""
        with self._checking:
            try:
                reading = refresh_pointer(self._store, self._pointer)
            except StoreError as error:
                return self._invalid_pointer(str(error))
            if reading.problem:
                return self._invalid_pointer(reading.problem)
            known, retry_due = self._pointer, self._clock() >= self._retry_at
            same = known is not None and known.version == reading.pointer.version
            if same and not retry_due and not self._pointer_problem:
                return "unchanged"
            self._pointer_problem = None
            return self._load(reading.pointer)

    def _invalid_pointer(self, problem: str) -> Outcome:
        """Keep the current models; log each problem once, not at every poll."""
        if problem == self._pointer_problem:
            return "unchanged"
        _log.error("model pointer invalid", extra={"fields": {"reason": problem}})
        self._keep(problem, "The model pointer file is invalid.")
        return "refused"

    def _failed(self, error: Exception) -> None:
        """Keep the current models after an unexpected error. The next poll loads them again."""
        self._keep(repr(error), f"Loading the promoted models failed ({type(error).__name__}). See the log.")

    def _keep(self, reason: str, problem: str) -> None:
        self._pointer_problem = reason
        current = self.current
        self.current = ServedModels(current.version, current.tasks, (problem,))
        self._notify(success=False)

    def _load(self, pointer: Pointer) -> Outcome:
        problems: list[str] = []
        tasks: dict[str, TaskModel | None] = {
            task: self._task_model(pointer, task, problems) for task in TASKS if task in pointer.tasks
        }
        usable = {task: model for task, model in tasks.items() if model is not None}
        missing = () if pointer.tasks else (NO_CHAMPION,)
        self.current = ServedModels(pointer.version, usable, (*missing, *problems))
        self._pointer = pointer
        self._retry_at = self._clock() + RETRY_SECONDS if problems else float("inf")
        if pointer.tasks:
            self._notify(success=not problems)
        return "refused" if problems else "swapped"

    def _task_model(self, pointer: Pointer, task: str, problems: list[str]) -> TaskModel | None:
        old, serving = self.current.tasks.get(task), pointer.tasks[task]
        champion = self._loaded(serving.champion, task, problems)
        if champion is None:
            return old
        rollout = pointer.rollouts.get(task)
        second = self._loaded(rollout.bundle, task, problems) if rollout else None
        return TaskModel(champion, RolloutCandidate(rollout, second) if rollout and second else None)

    def _loaded(self, bundle: str, task: str, problems: list[str]) -> LoadedModel | None:
        """Return the model of `bundle`, loading it unless it is loaded already, or None if it is refused."""
        if loaded := self.current.find(bundle):
            return loaded
        try:
            return load_model(self._store, bundle, task=task)
        except StoreError as error:
            _log.error("bundle refused", extra={"fields": {"bundle": bundle, "task": task, "reason": str(error)}})
            problems.append(f"Bundle {bundle[:12]} of '{task}' was refused: it did not verify. See the log.")
        # Errors of the native runtime have no base class, and the other task must still be served.
        except Exception:  # noqa: BLE001
            _log.exception("bundle failed", extra={"fields": {"bundle": bundle, "task": task}})
            problems.append(f"Bundle {bundle[:12]} of '{task}' was refused: it could not be prepared. See the log.")
        return None

    def _notify(self, *, success: bool) -> None:
        if self._listener is not None:
            self._listener(self.current, success=success)
