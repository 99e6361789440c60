"""Which models serve: loaded and verified beside the old ones, swapped in at once, kept when the new ones are bad.

Here belong the set of models and the thread that follows the pointer. Not here: the pointer's form
(`migraine_assets.stores.registry.pointer`), what one model is (`served`), answering (`engine`).
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from migraine_assets.errors import StoreError
from migraine_assets.stores.registry.pointer import Pointer, Rollout, refresh
from migraine_assets.stores.store import Store
from serving.model.loaded import Served, load_served

_log = logging.getLogger(__name__)

TASKS = ("attack", "severity")
# A bundle that was refused may have been half-written: it is tried again.
RETRY_SECONDS = 30.0
NO_CHAMPION = "No model was promoted yet. Train and promote one with `migraine run`, then this service loads it."


@dataclass(frozen=True, eq=False)
class Trial:
    """A second model of a task and how it is rolled out."""

    rollout: Rollout
    served: Served


@dataclass(frozen=True, eq=False)
class TaskModel:
    """What serves one task."""

    champion: Served
    trial: Trial | None = None

    @property
    def all(self) -> tuple[Served, ...]:
        """Every model of the task."""
        return (self.champion, self.trial.served) if self.trial else (self.champion,)


@dataclass(frozen=True, eq=False)
class ModelSet:
    """All models of one moment; never changed. `version`: of the pointer. `problems`: why something is not as the
    pointer asks, in sentences.
    """

    version: int = 0
    tasks: Mapping[str, TaskModel] = field(default_factory=dict)
    problems: tuple[str, ...] = (NO_CHAMPION,)

    @property
    def ready(self) -> bool:
        """Whether attacks can be predicted."""
        return "attack" in self.tasks

    def find(self, bundle: str) -> Served | None:
        """The model with this hash, if it is among these."""
        return next((model for task in self.tasks.values() for model in task.all if model.bundle.hash == bundle), None)


class Listener(Protocol):
    """What wants to know of swaps."""

    def __call__(self, models: ModelSet, *, success: bool) -> None: ...


Outcome = Literal["unchanged", "swapped", "refused"]


class ModelWatcher:
    """Follows the pointer of a store. `current` is the set to answer from; reading it is atomic.

    `listener` is told of each attempt to load. `start` polls every `interval` seconds in a thread; `check` is one poll.
    """

    def __init__(
        self,
        store: Store,
        *,
        interval: float = 1.0,
        listener: Listener | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.current = ModelSet()
        self._store, self._interval, self._listener = store, interval, listener
        self._clock = clock
        self._pointer: Pointer | None = None
        self._retry_at = float("inf")
        self._pointer_problem: str | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._checking = threading.Lock()

    def start(self) -> None:
        """Load what there is now, then follow the pointer until `stop`."""
        self.check()
        self._thread = threading.Thread(target=self._run, name="models", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; the models stay."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def refresh(self) -> None:
        """Look at the pointer now."""
        self.check()

    @property
    def alive(self) -> bool:
        """Whether somebody follows the pointer."""
        return self._thread is not None and self._thread.is_alive()

    def check(self) -> Outcome:
        """Look once at the pointer and load what is new. Raises nothing that a store or a bundle can cause."""
        with self._checking:
            try:
                found = refresh(self._store, self._pointer)
            except StoreError as error:
                return self._unbelievable(str(error))
            if found.problem:
                return self._unbelievable(found.problem)
            known, due = self._pointer, self._clock() >= self._retry_at
            if known is not None and known.version == found.pointer.version and not due and not self._pointer_problem:
                return "unchanged"
            self._pointer_problem = None
            return self._load(found.pointer)

    def _run(self) -> None:
        while not self._stop.wait(self._interval):
            self.check()

    def _unbelievable(self, problem: str) -> Outcome:
        """Keep what there is; told once, not at every poll."""
        if problem == self._pointer_problem:
            return "unchanged"
        self._pointer_problem = problem
        _log.error("pointer not believed", extra={"fields": {"reason": problem}})
        kept = self.current
        self.current = ModelSet(kept.version, kept.tasks, ("The pointer to the models cannot be believed.",))
        self._tell(success=False)
        return "refused"

    def _load(self, pointer: Pointer) -> Outcome:
        problems: list[str] = []
        tasks = {task: self._task(pointer, task, problems) for task in TASKS if task in pointer.tasks}
        usable = {task: model for task, model in tasks.items() if model is not None}
        nothing = () if pointer.tasks else (NO_CHAMPION,)
        self.current = ModelSet(pointer.version, usable, (*nothing, *problems))
        self._pointer = pointer
        self._retry_at = self._clock() + RETRY_SECONDS if problems else float("inf")
        if pointer.tasks:
            self._tell(success=not problems)
        return "refused" if problems else "swapped"

    def _task(self, pointer: Pointer, task: str, problems: list[str]) -> TaskModel | None:
        old, serving = self.current.tasks.get(task), pointer.tasks[task]
        champion = self._served(serving.champion, task, problems)
        if champion is None:
            return old
        rollout = pointer.rollouts.get(task)
        second = self._served(rollout.bundle, task, problems) if rollout else None
        return TaskModel(champion, Trial(rollout, second) if rollout and second else None)

    def _served(self, bundle: str, task: str, problems: list[str]) -> Served | None:
        """The model at once where it is loaded already, else loaded, verified and warmed up; None where refused."""
        if loaded := self.current.find(bundle):
            return loaded
        try:
            return load_served(self._store, bundle, task=task)
        except StoreError as error:
            _log.error("bundle refused", extra={"fields": {"bundle": bundle, "task": task, "reason": str(error)}})
            problems.append(f"Bundle {bundle[:12]} of '{task}' was refused: it did not verify. The log says why.")
            return None

    def _tell(self, *, success: bool) -> None:
        if self._listener is not None:
            self._listener(self.current, success=success)
