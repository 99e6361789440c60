"""A model grows wrong, and the platform notices, tells, learns and swaps by itself: the story, told while it happens.

Here belongs the order of events. Not here: people (`people`), processes (`running`). Nothing is pretended: each line is
said when the thing has happened, and a thing that does not happen ends the story with what was waited for.
"""

import datetime as dt
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from demo.participants import Request, diary, requests
from demo.processes import Receiver, Service, process, python, wait_for
from migraine_assets.cli.app import run_command
from migraine_assets.cli.console import say, show
from migraine_assets.cli.dagster.instance import open_instance, project_root
from migraine_assets.core.monitoring.drift_result import ModelDrift
from migraine_assets.core.monitoring.performance_result import RealizedPerformance
from migraine_assets.settings import Settings
from migraine_assets.stores.monitoring.decisions import decisions
from migraine_assets.stores.monitoring.results import DRIFT, REALIZED, R, ResultKind, TaskResults, task_result
from migraine_assets.stores.registry.pointer import read_pointer
from migraine_assets.stores.registry.promotion_history import history
from migraine_assets.stores.store import Store
from serving.cluster.ray_environment import free_ports

# Small models and no pauses, so that the story takes minutes; what happens is what happens in months. A model of the
# new weeks may be a little worse in ROC-AUC than the one that it replaces: the old one no longer knows its inputs.
PARAMS = """\
training: {seed: 7, threads: 1, replicates: 60}
folds: {folds: 3}
promotion: {replicates: 100, margin: 0.03}
monitoring: {window_days: 7, label_delay_days: 0}
automation: {cool_down_hours: 0}
models:
  attack:
    random_forest: {n_estimators: 30}
    gradient_boosting: {max_iter: 30}
    xgboost: {n_estimators: 40}
    lightgbm: {n_estimators: 40}
  severity:
    random_forest: {n_estimators: 20}
    gradient_boosting: {max_iter: 20}
    xgboost: {n_estimators: 20}
    lightgbm: {n_estimators: 20}
"""
MORNINGS = 7


@dataclass
class Told:
    """What happened: the closing summary, and what the end-to-end test looks at."""

    lines: list[tuple[str, str, str]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    def happened(self, what: str, seen: str, **facts: Any) -> None:
        """One line, said at once."""
        at = f"{time.monotonic() - self.began:4.0f} s"
        self.lines.append((at, what, seen))
        self.facts |= facts
        say(f"[{at}] {what}: {seen}")


@dataclass(frozen=True)
class Scene:
    """Where the story plays."""

    home: Path
    store: Store
    service: Service
    receiver: Receiver
    told: Told
    today: dt.date

    @property
    def champion(self) -> str:
        """The bundle that the pointer names for attacks."""
        return read_pointer(self.store).tasks["attack"].champion

    def look(self, kind: ResultKind[TaskResults[R]]) -> R:
        """Monitor today and return the result for attacks."""
        _migraine("monitor", "--day", self.today.isoformat())
        result = task_result(self.store, kind, self.today, "attack")
        assert result is not None  # the command fails otherwise
        return result


def play(home: Path) -> Told:
    """The whole story in the folder `home`, which should be empty."""
    told = Told()
    with _scene(home, told) as scene:
        _as_it_was(scene)
        _inputs_shift(scene)
        _concept_turns(scene)
    show("What happened", ("after", "what", "seen"), told.lines)
    say(f"Everything is under {home}: `MIGRAINE_HOME={home} migraine ui` shows it; the page is")
    say(f"  {home / 'reports' / 'monitoring' / 'latest.html'}")
    return told


@contextmanager
def _scene(home: Path, told: Told) -> Iterator[Scene]:
    (home / "landing").mkdir(parents=True)
    (home / "params.yaml").write_text(PARAMS)
    receiver, port = Receiver(), free_ports(1)[0]
    os.environ.update(
        MIGRAINE_HOME=str(home),
        MIGRAINE_PARAMS=str(home / "params.yaml"),
        MIGRAINE_ALERT_URLS=receiver.url,
        MIGRAINE_AUTOMATION="on",
        SERVING_PORT=str(port),
        SERVING_MAX_REPLICAS="1",
        SERVING_FLUSH_SECONDS="0.2",
    )
    diary("before", 1).to_csv(home / "landing" / "diary.csv", index=False)
    _migraine("run")
    service, root = Service(port), project_root()
    environment = dict(os.environ)
    with ExitStack() as stack:
        stack.callback(receiver.close)
        command = python("-c", "from migraine_assets.cli.app import main; main()", "serve")
        stack.enter_context(process(command, cwd=root, environment=environment, log=home / "service.log"))
        with open_instance(Settings()):
            environment["DAGSTER_HOME"] = os.environ["DAGSTER_HOME"]
        daemon = python("-m", "dagster._daemon", "run", "-w", str(root / "workspace.yaml"))
        stack.enter_context(process(daemon, cwd=root, environment=environment, log=home / "daemon.log"))
        wait_for("the service is ready", service.serving)
        scene = Scene(home, Store(str(home / "store")), service, receiver, told, dt.datetime.now(dt.UTC).date())
        told.happened("A model was trained and serves", scene.champion[:12], first=scene.champion)
        yield scene


def _as_it_was(scene: Scene) -> None:
    sent = _send(scene, diary("before", 2), seed=2)
    found = scene.look(DRIFT)
    _say_drift(scene, f"{len(sent)} mornings of other people of the same world", found)
    scene.told.facts |= {"quiet": found.status}


def _inputs_shift(scene: Scene) -> None:
    """People sleep less under more stress."""
    before = scene.champion
    _deliver(scene, "shifted")
    for seed in (3, 4):
        _send(scene, diary("shifted", seed), seed=seed)
    found = scene.look(DRIFT)
    _say_drift(scene, "Nights became shorter and days more stressful", found)
    scene.told.facts |= {"shifted": found.status, "moved": list(found.moved)}
    _retrained(scene, "drift", before)
    for seed in (5, 6):
        _send(scene, diary("shifted", seed), seed=seed)
    after = scene.look(DRIFT)
    _say_drift(scene, "The new model, in the new world", after)
    scene.told.facts |= {"recovered": after.status}


def _concept_turns(scene: Scene) -> None:
    """The same days, but other attacks: the inputs say nothing of it, outcomes do."""
    before = scene.champion
    _deliver(scene, "turned")
    found = _told_what_came_true(scene, seeds=(7, 8, 9))
    what = "People react otherwise to the same days; they told what came true"
    scene.told.happened(what, f"{found.status}: {' '.join(found.reasons[:2])}", turned=found.status)
    _retrained(scene, "degradation", before)
    after = _told_what_came_true(scene, seeds=(10, 11, 12))
    what = "The new model, once its outcomes are known"
    scene.told.happened(what, f"{after.status}: {' '.join(after.reasons[:2])}", relearned=after.status)


def _told_what_came_true(scene: Scene, *, seeds: tuple[int, ...]) -> RealizedPerformance:
    """Ask, let people tell what came true, and look at the realised performance."""
    sent = [pair for seed in seeds for pair in _send(scene, diary("turned", seed), seed=seed)]
    for asked, identity in sent:
        if asked.attack is not None:
            body = {"prediction_id": identity, "migraine_occurrence": int(asked.attack)}
            scene.service.ask("POST", "/feedback", body)
    time.sleep(1)  # until the feedback is flushed
    return scene.look(REALIZED)


def _send(scene: Scene, frame: pd.DataFrame, *, seed: int) -> list[tuple[Request, str]]:
    """Ask the service for each morning; the requests with the ids of their answers."""
    sent = []
    for asked in requests(frame, today=scene.today, days=MORNINGS, seed=seed):
        status, said = scene.service.ask("POST", "/predict", asked.body)
        if status != 200:
            raise RuntimeError(f"The service refused a request of the demonstration: {status} {said}")
        sent.append((asked, said["prediction_id"]))
    time.sleep(1)  # until the receipts are flushed
    return sent


def _deliver(scene: Scene, world: str) -> None:
    """The clinic's diaries of the new weeks arrive, of people who are as `world` has them, and are accepted."""
    landing = scene.home / "landing" / "diary.csv"
    weeks = diary(world, 1)
    temporary = landing.with_suffix(".part")
    weeks.to_csv(temporary, index=False)
    _accept(temporary, landing)
    scene.told.happened("A delivery was accepted", f"{len(weeks):,} days of the new weeks")


def _accept(new: Path, landing: Path) -> None:
    """Read and check it as the pipeline does, without training: that is left to what happens."""
    from migraine_assets.definitions import build_defs

    keys = ["raw_diary", "validated_diary", "quarantined_rows", "preprocessed_diary"]
    with open_instance(Settings()) as instance:
        new.replace(landing)
        job = build_defs().resolve_implicit_global_asset_job_def()
        result = job.execute_in_process(
            instance=instance,
            asset_selection=[_key(name) for name in keys],
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
    if not result.success:
        raise RuntimeError("The delivery of the demonstration was refused.")


def _key(name: str) -> Any:
    import dagster as dg

    return dg.AssetKey(name)


def _retrained(scene: Scene, kind: str, before: str) -> None:
    """Wait for the alert, the retraining that starts by itself, the gate, and the service's swap."""
    words = {"drift": "drift detected", "degradation": "performance degraded"}
    alert = wait_for(f"an alert about {kind}", lambda: scene.receiver.about(words[kind]))
    scene.told.happened("An alert arrived", str(alert[0].get("title")), **{f"{kind}_alert": True})
    sensor = f"{kind}_retraining"
    acted = wait_for(
        "a retraining that starts by itself",
        lambda: [d for d in decisions(scene.store) if d.sensor == sensor and d.acted],
    )
    scene.told.happened("A retraining started by itself", acted[-1].about, **{f"{kind}_started": acted[-1].run_key})
    run = wait_for("the end of the retraining", lambda: _ended(acted[-1].run_key))
    scene.told.happened("The retraining ended", run, **{f"{kind}_run": run})
    last = [entry.record for entry in history(scene.store) if entry.record.task == "attack"][-1]
    scene.told.happened("The gate decided", f"{last.what}: {' '.join(last.why)}", **{f"{kind}_gate": last.what})
    if scene.champion == before:
        return
    wait_for("the service's swap", lambda: scene.service.serving() == scene.champion, timeout=30)
    scene.told.happened("The service swapped in place", f"{before[:12]} to {scene.champion[:12]}")
    scene.told.facts[f"{kind}_swapped"] = True


def _ended(run_key: str) -> str | None:
    import dagster as dg

    with open_instance(Settings()) as instance:
        runs = instance.get_runs(dg.RunsFilter(tags={"migraine/trigger_key": run_key}), limit=1)
        return runs[0].status.value if runs and runs[0].is_finished else None


def _say_drift(scene: Scene, what: str, found: ModelDrift) -> None:
    ratios = {name: feature.drift_ratio for name, feature in found.features.items()}
    highest = max(ratios.items(), key=lambda item: item[1], default=("nothing", 0.0))

    def shown() -> float:
        return max(scene.service.metric("migraine_drift_ratio").values(), default=0.0)

    # The service reads what is published every few seconds.
    wait_for("the score at /metrics", lambda: abs(shown() - highest[1]) < 0.01, timeout=30)
    seen = f"{found.status}; highest score {highest[1]:.2f} ({highest[0]}), /metrics says {shown():.2f}"
    scene.told.happened(what, seen)


def _migraine(*arguments: str) -> None:
    code = run_command(arguments)
    if code:
        raise RuntimeError(f"migraine {' '.join(arguments)} ended with {code}.")
