"""Real bundles in a real store, trained once, and the service around them in this process."""

import datetime as dt
import functools
import json
import shutil
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import uvicorn

from migraine_assets.core.contract import CONTRACT
from migraine_assets.core.diary.cleaning import DEFAULT
from migraine_assets.core.diary.preprocess import preprocess
from migraine_assets.core.diary.validation import ValidationSettings, validate
from migraine_assets.core.features.matrix import feature_rows
from migraine_assets.core.features.outcome import AttackDefinition, OutcomeDefinition
from migraine_assets.core.features.plan import compile_recipe
from migraine_assets.core.features.table import recipe_of
from migraine_assets.core.metrics.metrics import score_attack, score_severity
from migraine_assets.core.models.catalogue import find
from migraine_assets.core.models.estimator import Task
from migraine_assets.core.models.training import TrainingSet, fit_model
from migraine_assets.core.reference_bins import references
from migraine_assets.sources.registry import read_source
from migraine_assets.stores.bundles.bundles import write_bundle
from migraine_assets.stores.bundles.pack import Context, pack
from migraine_assets.stores.bundles.provenance import BundleProvenance
from migraine_assets.stores.prediction_log.reader import days, read
from migraine_assets.stores.prediction_log.record import PredictionRecord
from migraine_assets.stores.registry.champions import promote
from migraine_assets.stores.store import Store
from migraine_assets_tests.support.shared import shared
from serving.app import create_app
from serving.services import Services, open_services
from serving.settings import ServingSettings

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
DATA = "d" * 32
PLAIN = OutcomeDefinition()
ONSET = OutcomeDefinition(AttackDefinition("migraine_severity", 4.0, (), 2), "any")


@functools.cache
def trained() -> tuple[Path, Mapping[str, str]]:
    """Return a store of bundles without a champion, and the hashes of the bundles by name. It is read only."""
    folder = shared("bundles", _train)
    return folder / "store", json.loads((folder / "names.json").read_text())


def _train(folder: Path) -> None:
    store, diary = Store(str(folder / "store")), _diary()
    flat = diary.assign(date=np.datetime64("NaT"), participant_id=[f"row-{k}" for k in range(len(diary))])
    names = {
        "attack": _bundle(store, diary, "attack", "logistic_regression"),
        "attack_2": _bundle(store, diary, "attack", "naive_bayes"),
        "attack_tree": _bundle(store, diary, "attack", "lightgbm"),
        "severity": _bundle(store, diary, "severity", "ridge"),
        "severity_2": _bundle(store, diary, "severity", "lasso"),
        "flat": _bundle(store, flat, "attack", "logistic_regression", horizon=0),
        "onset": _bundle(store, diary, "attack", "logistic_regression", horizon=3, outcome=ONSET),
    }
    (folder / "names.json").write_text(json.dumps(names))


@functools.cache
def _diary() -> Any:
    delivery = read_source("synthetic", mapping=None, options={"participants": 30, "days": 60, "seed": 5}, landing=None)
    valid = validate(delivery.frame, today=dt.date(2026, 3, 1), settings=ValidationSettings()).valid
    return preprocess(valid).diary


def _bundle(
    store: Store, diary: Any, task: Task, key: str, *, horizon: int = 1, outcome: OutcomeDefinition = PLAIN
) -> str:
    recipe = recipe_of(CONTRACT, DEFAULT, outcome.attack)
    rows = feature_rows(diary, horizon=horizon, plan=compile_recipe(recipe), outcome=outcome)
    y = rows.frame[f"target_{task}"].to_numpy(np.float64)
    known = ~np.isnan(y)
    X = rows.frame.loc[known, list(rows.names)].to_numpy(np.float32)
    who = np.unique(rows.frame.loc[known, "participant_id"].to_numpy(str), return_inverse=True)[1].astype(np.int64)
    data = TrainingSet(X, rows.names, y[known], who, (who % 3).astype(np.int8))
    fitted = fit_model(find(task, key), data, seed=3)
    if task == "attack":
        metrics = score_attack(data.y, fitted.oof, who, threshold=fitted.threshold or 0.5, replicates=40, seed=1)
    else:
        metrics = score_severity(data.y, fitted.oof, who, replicates=40, seed=1)
    context = Context(
        horizon=horizon,
        severity_kind="severity" if task == "severity" else None,
        recipe=recipe,
        data_version=DATA,
        metrics=metrics,
        reference=references(X, rows.names),
        outcome=outcome,
        own_rate_days=None if outcome.default else 2.0,
    )
    packed = pack(fitted, data, context)
    provenance = BundleProvenance(dagster_run="run-1", mlflow_run="m-1")
    return write_bundle(store, packed.manifest, packed.model, provenance=provenance)


def fresh_store(folder: Path, *, champions: Mapping[str, str] = {"attack": "attack", "severity": "severity"}) -> Store:
    """Return a copy of the trained store with `champions` (task to name) promoted."""
    source, names = trained()
    shutil.copytree(source, folder / "store")
    store = Store(str(folder / "store"))
    for task, name in champions.items():
        put_in_charge(store, task, names[name])
    return store


def put_in_charge(store: Store, task: str, bundle: str, challenger: str | None = None) -> None:
    """Promote `bundle`."""
    promote(store, task, champion=bundle, challenger=challenger, who="ann", when=NOON, why=("better",))


def settings(folder: Path, **changes: Any) -> ServingSettings:
    """Return settings that share nothing with other tests. The pointer is read only when a test polls it."""
    diaries = {"diary_url": f"sqlite:///{folder / 'diaries.db'}"}
    return ServingSettings(node_folder=folder / "node", poll_seconds=3600, flush_seconds=3600, **diaries | changes)


@contextmanager
def running(
    store: Store, folder: Path, *, clock: Callable[[], float] | None = None, **changes: Any
) -> Iterator[tuple[httpx.Client, Services]]:
    """Run the application with its services behind a server on loopback; yields a client of it."""
    services = open_services(settings(folder, **changes), store=store)
    if clock:
        services = replace(services, clock=clock)
    try:
        with listening(create_app(services)) as address, httpx.Client(base_url=address, timeout=30) as client:
            yield client, services
    finally:
        services.close()


@contextmanager
def listening(app: Any) -> Iterator[str]:
    """Serve `app` on loopback inside the block; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="critical", access_log=False, timeout_graceful_shutdown=1)
        )
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def day(date: dt.date, **fields: Any) -> dict[str, Any]:
    """Return one diary entry."""
    return {"date": date.isoformat(), **fields}


def history(length: int = 30, *, last: dt.date = dt.date(2026, 2, 1), **fields: Any) -> list[dict[str, Any]]:
    """Return `length` days up to `last`, each with an outcome."""
    first = last - dt.timedelta(days=length - 1)
    return [
        day(
            first + dt.timedelta(days=k),
            stress_level=1 + k % 10,
            sleep_hours=5 + k % 4,
            migraine_occurrence=int(k % 5 == 0),
        )
        | fields
        for k in range(length)
    ]


def records_of(services: Services, store: Store) -> list[PredictionRecord]:
    """Return every record written so far."""
    services.prediction_log.flush()
    return [record for name in days(store, PredictionRecord) for record in read(store, PredictionRecord, day=name)]
