"""Fourteen simulated days of a service: participants change their habits on the eighth, and the platform reacts.

The days are simulated, everything else is real: training, predictions of the champion, the prediction log, monitoring
and retraining. Not here: the demonstration on running servers (`demo.story`), drawing (`demo.recording`).
"""

import datetime as dt
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd

from demo.participants import delivery_arguments, diary
from demo.scene import PARAMS, migraine
from migraine_assets.core.diary.preprocess import preprocess
from migraine_assets.core.diary.validation import ValidationSettings, validate
from migraine_assets.core.features.matrix import FeatureRows, feature_rows
from migraine_assets.core.monitoring.drift.result import ModelDrift
from migraine_assets.stores.bundles.bundles import load_bundle
from migraine_assets.stores.monitoring.results import DRIFT, task_result
from migraine_assets.stores.prediction_log.prediction_ids import make_ids
from migraine_assets.stores.prediction_log.record import PredictionRecord
from migraine_assets.stores.prediction_log.segments import segments
from migraine_assets.stores.pseudonyms import pseudonym
from migraine_assets.stores.registry.pointer import read_pointer
from migraine_assets.stores.signing_secret import shared_secret
from migraine_assets.stores.store import Store

DAYS, CHANGE = 14, 7
NOON = dt.time(12, tzinfo=dt.UTC)


@dataclass(frozen=True)
class SimulatedDay:
    """One simulated day.

    `ratio`: the highest drift ratio (1 is drift), of `feature`; None with too little data. `event`: the change on this
    day, in words; `champion`: the bundle that answered.
    """

    day: dt.date
    predictions: int
    status: str
    ratio: float | None
    feature: str
    champion: str
    event: str = ""


def simulate(home: Path, *, last: dt.date) -> Iterator[SimulatedDay]:
    """Train in the empty folder `home` and yield the days up to `last`, each as soon as it is monitored."""
    (home / "params.yaml").write_text(PARAMS)
    os.environ.update(MIGRAINE_HOME=str(home), MIGRAINE_PARAMS=str(home / "params.yaml"), MIGRAINE_AUTOMATION="off")
    migraine("run", *delivery_arguments("before"))
    # `retrained`: the number of the first day of the new model, 0 before.
    store, retrained = Store(str(home / "store")), 0
    worlds = (diary("before", 2), diary("shifted", 3))
    for number in range(DAYS):
        day = last - dt.timedelta(days=DAYS - 1 - number)
        event = "participants sleep less, under more stress" if number == CHANGE else ""
        if retrained and retrained == number:
            event = "retrained: the new model answers"
        champion = read_pointer(store).tasks["attack"].champion
        predictions = _predict(store, worlds[number >= CHANGE], day, position=number)
        migraine("monitor", "--day", day.isoformat())
        drift = task_result(store, DRIFT, day, "attack")
        assert drift is not None  # `migraine monitor` fails otherwise
        if drift.status == "drift" and not retrained:
            migraine("run", *delivery_arguments("shifted"))
            retrained = number + 1
        yield _described(drift, day, predictions=predictions, champion=champion, event=event)


def _described(drift: ModelDrift, day: dt.date, *, predictions: int, champion: str, event: str) -> SimulatedDay:
    ratios = {name: feature.drift_ratio for name, feature in drift.features.items()}
    feature, ratio = max(ratios.items(), key=lambda item: item[1], default=("", None))
    return SimulatedDay(day, predictions, drift.status, ratio, feature, champion, event)


def _predict(store: Store, frame: pd.DataFrame, day: dt.date, *, position: int) -> int:
    """Predict once for each participant with the champion, and log it on `day`. Returns the number of predictions.

    Participants start at random days of their diaries, as those of the training data do.
    """
    secret, bundle = shared_secret(store), load_bundle(store, read_pointer(store).tasks["attack"].champion)
    rows = _features(frame, bundle.manifest.names)
    chosen = _chosen(rows, position)
    inputs = rows.frame.loc[chosen, list(bundle.manifest.names)].to_numpy(np.float32)
    names, outputs = rows.frame.loc[chosen, "participant_id"], bundle.predict(inputs)
    time = dt.datetime.combine(day, NOON).timestamp()
    records = [
        PredictionRecord(
            id=identity,
            time=time,
            participant=pseudonym(secret, str(name)),
            for_date=(day + dt.timedelta(days=1)).isoformat(),
            features={"attack": values.tolist()},
            outputs={"attack": float(output)},
            bundles={"attack": bundle.hash},
        )
        for identity, name, values, output in zip(
            make_ids(secret, len(names), time=time), names, inputs, outputs, strict=True
        )
    ]
    log = segments(store, "predictions", segment_bytes=1 << 26)
    log.write(day.isoformat(), b"".join(msgspec.json.encode(record) + b"\n" for record in records))
    log.close()
    return len(records)


def _features(frame: pd.DataFrame, names: tuple[str, ...]) -> FeatureRows:
    frame = frame.assign(source_file="simulated", source_row=np.arange(len(frame)))
    valid = validate(frame, today=frame["date"].max().date(), settings=ValidationSettings()).valid
    rows = feature_rows(preprocess(valid).diary, horizon=1)
    assert set(names) <= set(rows.names)
    return rows


def _chosen(rows: FeatureRows, position: int) -> np.ndarray:
    """Return the rows of the `position`-th day since each participant's random start, bool[n].

    A diary begins again at its end, as if another participant took over, so histories do not grow longer with the days.
    """
    participants = rows.frame["participant_id"]
    order = participants.groupby(participants).cumcount().to_numpy()
    length = participants.map(participants.value_counts()).to_numpy()
    names = participants.unique()
    share = pd.Series(np.random.default_rng(3).random(len(names)), index=names)
    start = np.floor(participants.map(share).to_numpy() * length)
    chosen: np.ndarray = order == (start + position) % length
    return chosen
