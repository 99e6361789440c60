"""Which models predict at one moment: the champion of each task, and the candidate of a rollout beside it.

Not here: following the pointer and swapping models (`serving.model.watcher`), preparing one model
(`prediction.loaded`), predicting (`prediction.predictor`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from migraine_assets.core.contract import CONTRACT, Contract
from migraine_assets.core.tasks import TASKS
from migraine_assets.errors import MigraineError
from migraine_assets.prediction.histories import RowLayout, row_layout
from migraine_assets.prediction.loaded import LoadedModel, load_model
from migraine_assets.stores.registry.pointer import Rollout, read_pointer
from migraine_assets.stores.store import Store

NO_CHAMPION = "No model has been promoted yet. Train and promote one with `migraine run`; this service then loads it."


class ModelNotReady(MigraineError):
    """No model that predicts attacks is loaded."""

    http_status = 503


@dataclass(frozen=True, eq=False)
class RolloutCandidate:
    """The second model of a task, and how it is rolled out."""

    rollout: Rollout
    model: LoadedModel


@dataclass(frozen=True, eq=False)
class TaskModel:
    """The champion of a task, and its rollout candidate if there is one."""

    champion: LoadedModel
    candidate: RolloutCandidate | None = None

    @property
    def all(self) -> tuple[LoadedModel, ...]:
        """Every model of the task."""
        return (self.champion, self.candidate.model) if self.candidate else (self.champion,)


@dataclass(frozen=True, eq=False)
class ModelSet:
    """The models that predict at one moment; immutable.

    `version`: of the pointer. `problems`: sentences that say where the set differs from what the pointer names.
    """

    version: int = 0
    tasks: Mapping[str, TaskModel] = field(default_factory=dict)
    problems: tuple[str, ...] = (NO_CHAMPION,)

    @cached_property
    def contract(self) -> Contract:
        """The fields that these models understand.

        The contract of the source, with the fields of the models in place of its own. Where models differ, the champion
        of attacks decides, then that of severities, then a rollout candidate.
        """
        champions = [self.tasks[task].champion for task in ("severity", "attack") if task in self.tasks]
        candidates = [model for task in self.tasks.values() for model in task.all if model not in champions]
        contract = CONTRACT
        for model in (*candidates, *champions):
            contract = contract.updated(model.manifest.contract)
        return contract

    @cached_property
    def layout(self) -> RowLayout:
        """The rows of the histories that these models predict from."""
        return row_layout(self.contract)

    @property
    def ready(self) -> bool:
        """Whether attacks can be predicted."""
        return "attack" in self.tasks

    def require_ready(self) -> None:
        """Raise `ModelNotReady` if attacks cannot be predicted."""
        if "attack" not in self.tasks:
            raise ModelNotReady(" ".join(self.problems))

    def find(self, bundle: str) -> LoadedModel | None:
        """Return the model with the bundle hash `bundle`, or None."""
        return next((model for task in self.tasks.values() for model in task.all if model.bundle.hash == bundle), None)


def promoted_models(store: Store) -> ModelSet:
    """Return the models that the pointer of `store` names now.

    Raises `ModelNotReady` if no attack model was promoted, and `StoreError` if the pointer or a bundle does not verify.
    """
    pointer = read_pointer(store)
    tasks: dict[str, TaskModel] = {}
    for task in TASKS:
        if task in pointer.tasks:
            rollout = pointer.rollouts.get(task)
            champion = load_model(store, pointer.tasks[task].champion, task=task)
            second = RolloutCandidate(rollout, load_model(store, rollout.bundle, task=task)) if rollout else None
            tasks[task] = TaskModel(champion, second)
    models = ModelSet(pointer.version, tasks, () if tasks else (NO_CHAMPION,))
    models.require_ready()
    return models
