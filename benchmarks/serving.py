"""The service compared with other servers of the same model: requests per second and p99 of one row, 16 connections.

    python -m benchmarks.serving [--peers ours,uvicorn,mlflow,...] [--seconds 10] [--rounds 2] [--trees 300]

Each peer runs in its own virtual environment, created on first use (in --environments) from a package index, and gets
a computed row of features. Ours is `migraine serve` with its defaults (validation, prediction records, metrics,
autoscaling), after a warm-up that is long enough to scale. It gets two kinds of requests:

    ours              the same row as the peers, at /v2/models/attack/infer: the targets apply to this one
    ours, fortnight   a diary of fourteen days at /predict: validated, its features computed and an answer composed,
                      which no peer does

The servers alternate. Needs `wrk` (Debian). Targets for `ours`: at least 10 x mlflow, 8 x joblib, 1.2 x mlserver, 2.5
x bentoml, 0.6 x uvicorn with one worker; p99 below 60 ms. Ours scales to as many replicas as the machine has
processors and the peers run with their defaults, so the table also shows the number of busy processors.
"""

import argparse
import datetime as dt
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.load import Load, Rate, measure
from benchmarks.peers import PEERS, Peer, environment, prepare, tensor, write_peers
from migraine_assets.core.contract import ATTACK
from migraine_assets.core.diary.preprocess import preprocess
from migraine_assets.core.diary.validation import ValidationSettings, validate
from migraine_assets.core.features import engine
from migraine_assets.core.features.diary import Diary
from migraine_assets.core.features.from_frame import diary_from_frame
from migraine_assets.core.features.matrix import feature_rows
from migraine_assets.core.features.table import default_recipe
from migraine_assets.core.models.catalogue import find
from migraine_assets.core.models.training import FittedModel, TrainingSet, fit_model
from migraine_assets.core.reference_bins import references
from migraine_assets.sources.registry import read_source
from migraine_assets.stores.bundles.bundles import write_bundle
from migraine_assets.stores.bundles.manifest import INPUT
from migraine_assets.stores.bundles.pack import Context, pack
from migraine_assets.stores.registry.champions import promote
from migraine_assets.stores.store import Store
from serving.cluster.ray_environment import free_ports

P99_TARGET = 60.0  # ms
WARM_SECONDS = 3
SCALE_SECONDS = 30
OURS = "ours"
NOW = dt.datetime.now(dt.UTC)


def train(
    work: Path, trees: int, *, flat: bool = False, participants: int = 60, days: int = 90
) -> tuple[list[float | None], list[str]]:
    """Train a LightGBM pipeline and write it to `work` in all formats; return a row of features and their names.

    `flat`: train for flat tables without history, else for diaries. `participants`, `days`: size of the training data.
    """
    diary = synthetic_diary(participants, days)
    data = flat_rows(diary) if flat else diary_rows(diary)
    fitted = fit_model(find("attack", "lightgbm"), data, params={"n_estimators": trees}, seed=3)
    _write_ours(work, fitted, data, horizon=0 if flat else 1)
    joblib.dump(fitted.pipeline, work / "model.joblib")
    (work / "names.json").write_text(json.dumps(data.names))
    row = [None if np.isnan(value) else float(value) for value in data.X[-1]]
    return row, list(data.names)


def synthetic_diary(participants: int = 60, days: int = 90) -> pd.DataFrame:
    """Return a diary of the synthetic cohort."""
    raw = read_source(
        "synthetic", mapping=None, options={"participants": participants, "days": days}, landing=None
    ).frame
    valid = validate(raw, today=NOW.date(), settings=ValidationSettings()).valid
    return preprocess(valid).diary


def diary_rows(frame: pd.DataFrame) -> TrainingSet:
    """Return training rows for tomorrow's attack, from today and the days before."""
    rows = feature_rows(frame, horizon=1)
    y = rows.frame["target_attack"].to_numpy(np.float64)
    return _training_set(rows.frame[list(rows.names)].to_numpy(np.float32), rows.names, y, frame)


def flat_rows(frame: pd.DataFrame) -> TrainingSet:
    """Return training rows for today's attack from today's exposures; each row is its own participant."""
    dated = diary_from_frame(frame)
    diary = Diary(np.arange(len(dated)), np.zeros(len(dated), dtype=np.int64), False, dated.columns)
    names = engine.available(diary)
    X = engine.compute(diary, horizon=0)[:, engine.select(names)]
    return _training_set(X, names, frame[ATTACK].to_numpy(np.float64), frame)


def _training_set(X: NDArray[np.float32], names: tuple[str, ...], y: NDArray[np.float64], frame: Any) -> TrainingSet:
    known = ~np.isnan(y)
    participant = np.unique(frame["participant_id"].to_numpy(str), return_inverse=True)[1].astype(np.int64)[known]
    return TrainingSet(X[known], names, y[known], participant, (participant % 3).astype(np.int8))


def _write_ours(work: Path, fitted: FittedModel, data: TrainingSet, *, horizon: int) -> None:
    context = Context(
        horizon=horizon,
        severity_kind=None,
        recipe=default_recipe(),
        data_version="0" * 32,
        metrics={},
        reference=references(data.X, data.names),
    )
    store, packed = Store(str(work / "home" / "store")), pack(fitted, data, context)
    bundle = write_bundle(store, packed.manifest, packed.model)
    promote(store, "attack", champion=bundle, who="benchmark", when=NOW, why=("benchmark",))
    (work / "model.onnx").write_bytes(packed.model)


def fortnight() -> bytes:
    """Return the body of a request with fourteen days of one participant."""
    first = NOW.date() - dt.timedelta(days=13)
    entries = [
        {
            "date": (first + dt.timedelta(days=k)).isoformat(),
            "sleep_hours": 5 + k % 4,
            "stress_level": 1 + k % 10,
            "screen_time": 4.5,
            "caffeine_intake": k % 3,
            "migraine_occurrence": int(k % 5 == 0),
        }
        for k in range(14)
    ]
    return json.dumps({"participant_id": "P-0042", "age": 34, "sex": "F", "entries": entries}).encode()


def measure_ours(work: Path, row: tuple[Any, Any], *, seconds: int) -> dict[str, Rate]:
    """Measure our service, started by `migraine serve`."""
    port = free_ports(1)[0]
    command = (sys.executable, "-c", "from serving.cli import app; app()", "serve", "--port", str(port))
    root, base = str(Path(__file__).resolve().parents[1]), f"http://127.0.0.1:{port}"
    home = {"MIGRAINE_HOME": str(work / "home"), "PYTHONPATH": root}
    inputs = {"inputs": [{**tensor(*row)["inputs"][0], "name": INPUT}]}
    loads = (
        Load(OURS, f"{base}/v2/models/attack/infer", json.dumps(inputs).encode()),
        Load(f"{OURS}, fortnight", f"{base}/predict", fortnight()),
    )
    return measure(command, work, loads, seconds=seconds, warm=SCALE_SECONDS, **home)


def measure_peer(peer: Peer, work: Path, environments: Path, row: tuple[Any, Any], *, seconds: int) -> dict[str, Rate]:
    """Measure a peer in its own environment."""
    python, port = environment(environments, peer), free_ports(1)[0]
    prepare(peer, python, work, port)
    asked = Load(peer.name, f"http://127.0.0.1:{port}{peer.path}", json.dumps(peer.body(*row)).encode())
    return measure((python, *peer.command(port)), work, (asked,), seconds=seconds, warm=WARM_SECONDS)


def show(rates: dict[str, list[Rate]]) -> None:
    """Print the medians, and the ratios of our rate to that of each peer."""
    ours = statistics.median(rate.rate for rate in rates[OURS]) if OURS in rates else float("nan")
    targets = {peer.name: peer.target for peer in PEERS}
    print(f"\n{'':<16}{'req/s':>8}{'p50 ms':>9}{'p99 ms':>9}{'bad':>6}{'processors':>12}{'ours / it':>11}{'target':>8}")
    for name, rounds in rates.items():
        middle = sorted(rounds, key=lambda rate: rate.rate)[len(rounds) // 2]
        rate = statistics.median(each.rate for each in rounds)
        bad, busy = sum(each.bad for each in rounds), statistics.median(each.processors for each in rounds)
        verdict = f"{ours / rate:>11.2f}{targets[name]:>8}" if name in targets else ""
        print(f"{name:<16}{rate:>8.0f}{middle.p50:>9.1f}{middle.p99:>9.1f}{bad:>6}{busy:>12.1f}{verdict}")
    if OURS in rates:
        print(f"p99 of {OURS}: {max(rate.p99 for rate in rates[OURS]):.1f} ms; target {P99_TARGET:.0f} ms")


def main() -> None:
    """Measure all selected servers and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", default=",".join((OURS, *(peer.name for peer in PEERS))))
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--trees", type=int, default=300)
    parser.add_argument("--environments", type=Path, default=Path(tempfile.gettempdir()) / "migraine-serving-peers")
    options = parser.parse_args()
    selected = options.peers.split(",")
    rates: dict[str, list[Rate]] = {}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        row = train(work, options.trees)
        write_peers(work)
        for _ in range(options.rounds):
            results = measure_ours(work, row, seconds=options.seconds) if OURS in selected else {}
            for peer in (each for each in PEERS if each.name in selected):
                results |= measure_peer(peer, work, options.environments, row, seconds=options.seconds)
            for name, rate in results.items():
                rates.setdefault(name, []).append(rate)
            print({name: round(rate.rate) for name, rate in results.items()}, flush=True)
    show(rates)


if __name__ == "__main__":
    main()
