"""Guarded rollouts over a real log and a real pointer."""

import datetime as dt
from pathlib import Path

import msgspec
import pytest

from migraine_assets.core.monitoring.rollout_test import RolloutSettings
from migraine_assets.defs.monitoring.rollout_guard import guard
from migraine_assets.stores.monitoring.collection import collect_feedback, collect_predictions
from migraine_assets.stores.monitoring.decisions import decisions
from migraine_assets.stores.prediction_log.reader import days, read
from migraine_assets.stores.prediction_log.record import Feedback, PredictionRecord
from migraine_assets.stores.prediction_log.segments import segments
from migraine_assets.stores.registry.pointer import read_pointer
from migraine_assets.stores.registry.promotion_history import history
from migraine_assets.stores.registry.rollouts import start_rollout
from migraine_assets_tests.unit.defs.monitoring.monitored_home import LAST, MonitoredHome, at_noon, cohort
from migraine_assets_tests.unit.stores.bundles.example_bundles import example_manifest, example_model

SETTINGS = RolloutSettings(shadow_days=5, canary_days=5, canary_percent=25)
BEGAN = dt.datetime.combine(LAST - dt.timedelta(days=7), dt.time(0), tzinfo=dt.UTC)
NOW = dt.datetime.combine(LAST, dt.time(23), tzinfo=dt.UTC)


@pytest.fixture
def home(tmp_path: Path) -> MonitoredHome:
    home = MonitoredHome.make(tmp_path)
    home.report_outcomes(home.serve(cohort(17), days=7), delay=0)
    return home


def candidate(home: MonitoredHome, mode: str, *, who: str = "pipeline") -> str:
    """Roll out another bundle, started a week ago."""
    from migraine_assets.stores.bundles.bundles import write_bundle

    model = example_model(weight=0.3)
    bundle = write_bundle(home.store, example_manifest(model), model)
    start_rollout(
        home.store,
        "attack",
        mode=mode,
        percent=50,
        bundle=bundle,
        who=who,
        when=BEGAN,
        why="w",  # type: ignore[arg-type]
    )
    return bundle


def answered(home: MonitoredHome, bundle: str, mode: str, *, spoilt: float) -> None:
    """Add the candidate's predictions for every second participant to the log; `spoilt` 1 inverts them."""
    records: list[PredictionRecord] = []
    for day in days(home.store, PredictionRecord):
        records += list(read(home.store, PredictionRecord, day=day))
    home.store.delete("log/predictions")
    target = segments(home.store, "predictions", segment_bytes=1 << 26)
    for receipt in sorted(records, key=lambda one: one.time):
        output = float(receipt.outputs["attack"] or 0.0)
        candidate_output = output + spoilt * (1 - 2 * output)
        tried = int(str(receipt.participant), 16) % 2
        changed = receipt
        if mode == "shadow":
            changed = msgspec.structs.replace(
                receipt, shadow_outputs={"attack": candidate_output}, shadow_bundles={"attack": bundle}
            )
        elif tried:
            changed = msgspec.structs.replace(
                receipt, outputs={"attack": candidate_output}, bundles={"attack": bundle}, arm="canary"
            )
        day = dt.datetime.fromtimestamp(receipt.time, dt.UTC).date().isoformat()
        target.write(day, msgspec.json.encode(changed) + b"\n")
    target.close()
    for back in range(8):
        day = LAST - dt.timedelta(days=back)
        collect_predictions(home.store, day)
        collect_feedback(home.store, day)
    assert read(home.store, Feedback, day=LAST.isoformat()).records
    assert at_noon(LAST) < NOW.timestamp()


@pytest.mark.parametrize("mode", ["shadow", "canary"])
def test_a_worse_candidate_is_withdrawn_and_the_reason_recorded(home: MonitoredHome, mode: str) -> None:
    champion = home.champion
    bundle = candidate(home, mode)
    answered(home, bundle, mode, spoilt=1.0)
    [verdict] = guard(home.store, LAST, settings=SETTINGS, now=NOW).values()
    assert verdict.step == "back", verdict.reason
    pointer = read_pointer(home.store)
    assert pointer.rollouts == {}
    assert pointer.tasks["attack"].champion == champion
    assert decisions(home.store)[-1].reasons == (verdict.reason,)


def test_a_shadow_that_is_not_worse_becomes_a_canary(home: MonitoredHome) -> None:
    bundle = candidate(home, "shadow")
    answered(home, bundle, "shadow", spoilt=0.0)
    assert guard(home.store, LAST, settings=SETTINGS, now=NOW)["attack"].step == "on"
    trial = read_pointer(home.store).rollouts["attack"]
    assert (trial.mode, trial.percent, trial.bundle) == ("canary", 25, bundle)
    # The canary has just started: there are no outcomes yet.
    assert guard(home.store, LAST, settings=SETTINGS, now=NOW)["attack"].step == "wait"


def test_a_canary_that_is_not_worse_becomes_the_champion(home: MonitoredHome) -> None:
    bundle = candidate(home, "canary")
    answered(home, bundle, "canary", spoilt=0.0)
    assert guard(home.store, LAST, settings=SETTINGS, now=NOW)["attack"].step == "on"
    pointer = read_pointer(home.store)
    assert (pointer.tasks["attack"].champion, pointer.rollouts) == (bundle, {})
    assert history(home.store)[-1].record.who == "pipeline"


def test_a_rollout_started_by_hand_is_not_touched(home: MonitoredHome) -> None:
    bundle = candidate(home, "shadow", who="ann")
    answered(home, bundle, "shadow", spoilt=0.45)
    assert guard(home.store, LAST, settings=SETTINGS, now=NOW) == {}
    assert read_pointer(home.store).rollouts["attack"].bundle == bundle
