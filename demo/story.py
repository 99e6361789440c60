"""The demonstration of drift: the world changes twice, and the platform detects it, sends alerts, retrains and swaps.

Here belongs the order of events. Every step is real: a line is printed once its event has happened, and an event
that does not happen in time ends the demonstration. Not here: participants (`demo.participants`), the setting
(`demo.scene`).
"""

from pathlib import Path

import pandas as pd

from demo.participants import Request, delivery, diary, requests
from demo.processes import wait_for
from demo.scene import Log, Scene, open_scene
from migraine_assets.cli.console import say, show
from migraine_assets.cli.dagster.instance import open_instance
from migraine_assets.core.monitoring.drift.result import ModelDrift
from migraine_assets.core.monitoring.performance_result import RealizedPerformance
from migraine_assets.settings import Settings
from migraine_assets.stores.assets import delivery_log
from migraine_assets.stores.monitoring.decisions import decisions
from migraine_assets.stores.monitoring.results import DRIFT, REALIZED
from migraine_assets.stores.registry.promotion_history import history

# Requests per participant.
DAYS = 7
ALERT_TITLES = {"drift": "drift detected", "degradation": "performance degraded"}


def play(home: Path) -> Log:
    """Run the demonstration in the empty folder `home`."""
    log = Log()
    with open_scene(home, log) as scene:
        _unchanged_world(scene)
        _shifted_inputs(scene)
        _changed_concept(scene)
    show("Summary", ("after", "event", "detail"), log.lines)
    say(f"Everything is kept in {home}. To look around: `MIGRAINE_HOME={home} migraine ui`. The monitoring page:")
    say(f"  {home / 'reports' / 'monitoring' / 'latest.html'}")
    return log


def _unchanged_world(scene: Scene) -> None:
    sent = _send(scene, diary("before", 2), seed=2)
    drift = scene.monitor(DRIFT)
    _record_drift(scene, f"{len(sent)} requests of new participants in an unchanged world", drift)
    scene.log.facts |= {"quiet": drift.status}


def _shifted_inputs(scene: Scene) -> None:
    """Let participants sleep less under more stress."""
    before = scene.champion
    _deliver(scene, "shifted")
    for seed in (3, 4):
        _send(scene, diary("shifted", seed), seed=seed)
    drift = scene.monitor(DRIFT)
    _record_drift(scene, "Participants sleep less under more stress", drift)
    scene.log.facts |= {"shifted": drift.status, "moved": list(drift.moved)}
    _wait_for_retraining(scene, "drift", before)
    for seed in (5, 6):
        _send(scene, diary("shifted", seed), seed=seed)
    after = scene.monitor(DRIFT)
    _record_drift(scene, "The new model in the new world", after)
    scene.log.facts |= {"recovered": after.status}


def _changed_concept(scene: Scene) -> None:
    """Keep the inputs, but let attacks follow them differently: only outcomes can reveal it."""
    before = scene.champion
    _deliver(scene, "turned")
    realized = _report_outcomes(scene, seeds=(7, 8, 9))
    event = "Participants react differently to the same triggers, and report outcomes"
    scene.log.record(event, f"{realized.status}: {' '.join(realized.reasons[:2])}", turned=realized.status)
    _wait_for_retraining(scene, "degradation", before)
    after = _report_outcomes(scene, seeds=(10, 11, 12))
    event = "The new model, once its outcomes are known"
    scene.log.record(event, f"{after.status}: {' '.join(after.reasons[:2])}", relearned=after.status)


def _report_outcomes(scene: Scene, *, seeds: tuple[int, ...]) -> RealizedPerformance:
    """Request predictions, report their outcomes, and return the realized performance."""
    sent = [pair for seed in seeds for pair in _send(scene, diary("turned", seed), seed=seed)]
    known = [(request, identity) for request, identity in sent if request.attack is not None]
    for request, identity in known:
        body = {"prediction_id": identity, "migraine_occurrence": int(bool(request.attack))}
        scene.service.ask("POST", "/feedback", body)
    scene.wait_until_logged(len(known))
    return scene.monitor(REALIZED)


def _send(scene: Scene, frame: pd.DataFrame, *, seed: int) -> list[tuple[Request, str]]:
    """Request a prediction for each day; return the requests with their prediction ids."""
    sent = []
    for request in requests(frame, today=scene.today, days=DAYS, seed=seed):
        status, answer = scene.service.ask("POST", "/predict", request.body)
        if status != 200:
            raise RuntimeError(f"The service refused a request of the demonstration: {status} {answer}")
        sent.append((request, answer["prediction_id"]))
    scene.wait_until_logged(len(sent))
    return sent


def _deliver(scene: Scene, world: str) -> None:
    """Deliver diaries of participants in the changed world, without training: that is left to the sensors."""
    import dagster as dg

    from migraine_assets.definitions import build_defs

    keys = ["raw_diary", "validated_diary", "quarantined_rows", "preprocessed_diary"]
    with open_instance(Settings()) as instance:
        job = build_defs().resolve_implicit_global_asset_job_def()
        result = job.execute_in_process(
            instance=instance,
            asset_selection=[dg.AssetKey(name) for name in keys],
            run_config={
                "ops": {"raw_diary": {"config": delivery(world)}},
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            },
        )
    if not result.success:
        raise RuntimeError("The delivery of the demonstration was refused.")
    accepted = delivery_log.read_log(scene.store, damaged=[])[-1].acceptance
    scene.log.record("A delivery was accepted", f"{accepted.accepted:,} new diary days")


def _wait_for_retraining(scene: Scene, kind: str, before: str) -> None:
    """Wait for the alert, the automatic retraining, the decision of the gate, and the swap in the service."""
    alert = wait_for(f"an alert about {kind}", lambda: scene.receiver.about(ALERT_TITLES[kind]))
    scene.log.record("An alert was delivered", str(alert[0].get("title")), **{f"{kind}_alert": True})
    sensor = f"{kind}_retraining"
    started = wait_for(
        "automatic retraining", lambda: [d for d in decisions(scene.store) if d.sensor == sensor and d.acted]
    )[-1]
    scene.log.record("Retraining started automatically", started.about, **{f"{kind}_started": started.run_key})
    run = wait_for("the end of retraining", lambda: _final_status(started.run_key))
    scene.log.record("Retraining finished", run, **{f"{kind}_run": run})
    last = [entry.record for entry in history(scene.store) if entry.record.task == "attack"][-1]
    scene.log.record("The gate decided", f"{last.what}: {' '.join(last.why)}", **{f"{kind}_gate": last.what})
    if scene.champion == before:
        return
    wait_for("the swap in the service", lambda: scene.service.serving() == scene.champion, timeout=30)
    scene.log.record("The service swapped the model", f"{before[:12]} to {scene.champion[:12]}")
    scene.log.facts[f"{kind}_swapped"] = True


def _final_status(run_key: str) -> str | None:
    import dagster as dg

    with open_instance(Settings()) as instance:
        runs = instance.get_runs(dg.RunsFilter(tags={"migraine/trigger_key": run_key}), limit=1)
        return runs[0].status.value if runs and runs[0].is_finished else None


def _record_drift(scene: Scene, event: str, drift: ModelDrift) -> None:
    ratios = {name: feature.drift_ratio for name, feature in drift.features.items()}
    name, ratio = max(ratios.items(), key=lambda item: item[1], default=("none", 0.0))

    def published() -> float:
        return max(scene.service.metric("migraine_drift_ratio").values(), default=0.0)

    # The service reads published gauges every few seconds.
    wait_for("the drift ratio at /metrics", lambda: abs(published() - ratio) < 0.01, timeout=30)
    detail = f"{drift.status}; largest drift ratio {ratio:.2f} ({name}), at /metrics {published():.2f}"
    scene.log.record(event, detail)
