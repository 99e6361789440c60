"""The service against others that serve the same model: requests a second of one row at 16 connections, and p99.

    python -m benchmarks.serving [--peers ours,uvicorn,mlflow,...] [--seconds 10] [--rounds 2] [--trees 300]

Each peer runs in a virtual environment of its own, made when it is first asked for (in --environments) from a package
index, and gets the finished row of features. Ours is `migraine serve` as it comes: validation, receipts, metrics and
autoscaling on, and a load before the first measure that is long enough for it to scale. It is asked two things:

    ours              the same finished row as the peers, at /v2/models/attack/infer: the bars are about this one
    ours, fortnight   a diary of fourteen days at /predict: checked, its features computed, and an answer composed,
                      which no peer does

They take turns. Needs `wrk` (Debian). Bars for `ours`: at least 10 x mlflow, 8 x joblib, 1.2 x mlserver, 2.5 x bentoml,
0.6 x uvicorn with one worker; p99 under 60 ms. Ours scales to as many replicas as the machine has processors and the
peers run as they come, so the table also says how many processors the processes of each server kept busy.
"""

import argparse
import datetime as dt
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migraine_assets.core.contract import ATTACK
from migraine_assets.core.diary.preprocess import PreprocessSettings, preprocess
from migraine_assets.core.diary.validation import ValidationSettings, validate
from migraine_assets.core.features import engine
from migraine_assets.core.features.diary import Diary
from migraine_assets.core.features.from_frame import diary_from_frame
from migraine_assets.core.features.matrix import feature_rows
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

P99_BAR = 60.0  # ms
START_SECONDS = 180
WARM_SECONDS = 3
SCALE_SECONDS = 30
OURS = "ours"
MODEL = ("scikit-learn", "lightgbm", "numpy", "scipy", "joblib", "pandas")
NOW = dt.datetime.now(dt.UTC)

UVICORN_APP = """
import numpy as np, onnxruntime
from fastapi import FastAPI
from pydantic import BaseModel
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession("model.onnx", options)
app = FastAPI()
class Row(BaseModel):
    features: list[float | None]
@app.post("/predict")
async def predict(row: Row):
    x = np.array([[np.nan if v is None else v for v in row.features]], dtype=np.float32)
    return {"probability": float(session.run(None, {"features": x})[0][0, 0])}
"""
JOBLIB_APP = """
import joblib, json, numpy as np, pandas as pd, warnings
warnings.simplefilter("ignore")  # the pipeline was fitted without names
from fastapi import FastAPI
from pydantic import BaseModel
model, names = joblib.load("model.joblib"), json.load(open("names.json"))
app = FastAPI()
class Row(BaseModel):
    features: list[float | None]
@app.post("/predict")
def predict(row: Row):
    x = pd.DataFrame([row.features], columns=names, dtype=np.float32)
    return {"probability": float(model.predict_proba(x)[0, 1])}
"""
BENTO_SERVICE = """
import bentoml, joblib, numpy as np
@bentoml.service(traffic={"timeout": 30}, workers=1)
class Migraine:
    def __init__(self):
        self.model = joblib.load("model.joblib")
    @bentoml.api
    def predict(self, features: list[float | None]) -> float:
        return float(self.model.predict_proba(np.array([features], dtype=np.float32))[0, 1])
"""
MLSERVER_MODEL = {
    "name": "migraine",
    "implementation": "mlserver_sklearn.SKLearnModel",
    "parameters": {"uri": "./model.joblib"},
}


@dataclass(frozen=True)
class Peer:
    """`bar`: how many times faster ours has to be. `command` for a port, run in a folder with the model."""

    name: str
    bar: float
    packages: tuple[str, ...]
    command: Callable[[int], tuple[str, ...]]
    path: str
    body: Callable[[list[float | None], list[str]], dict[str, Any]]


def _uvicorn(app: str) -> Callable[[int], tuple[str, ...]]:
    return lambda port: ("-m", "uvicorn", f"{app}:app", "--port", str(port), "--no-access-log", "--log-level", "error")


def _tensor(row: list[float | None], _: list[str]) -> dict[str, Any]:
    data = [0.0 if value is None else value for value in row]
    tensor = {"name": "x", "shape": [1, len(data)], "datatype": "FP32", "data": data}
    return {"inputs": [tensor], "outputs": [{"name": "predict_proba"}]}


PEERS = (
    Peer(
        "uvicorn", 0.6, ("fastapi", "uvicorn[standard]", "onnxruntime", "numpy"), _uvicorn("uvicorn_app"),
        "/predict", lambda row, _: {"features": row},
    ),
    Peer(
        "joblib", 8, ("fastapi", "uvicorn[standard]", *MODEL), _uvicorn("joblib_app"),
        "/predict", lambda row, _: {"features": row},
    ),
    Peer(
        "mlflow", 10, ("mlflow", *MODEL),
        lambda port: ("-m", "mlflow", "models", "serve", "-m", "mlflow_model", "-p", f"{port}", "--env-manager=local"),
        "/invocations", lambda row, names: {"dataframe_split": {"columns": names, "data": [row]}},
    ),
    Peer(
        "mlserver", 1.2, ("mlserver", "mlserver-sklearn", *MODEL),
        lambda port: ("-c", "from mlserver.cli import main; main()", "start", f"mlserver-{port}"),
        "/v2/models/migraine/infer", _tensor,
    ),
    Peer(
        "bentoml", 2.5, ("bentoml", *MODEL),
        lambda port: ("-m", "bentoml", "serve", "bento_service:Migraine", "--port", str(port)),
        "/predict", lambda row, _: {"features": row},
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Rate:
    """Of one round: requests a second, p50 and p99 in milliseconds, answers that were not good, processors used."""

    rate: float
    p50: float
    p99: float
    bad: int
    processors: float


def train(
    work: Path, trees: int, *, flat: bool = False, participants: int = 60, days: int = 90
) -> tuple[list[float | None], list[str]]:
    """Put one LightGBM pipeline into `work` in every form that somebody needs; a row of features and their names.

    `flat`: train for flat tables without history, else for diaries. `participants`, `days`: size of the training data.
    """
    diary = synthetic_diary(participants, days)
    data = flat_rows(diary) if flat else diary_rows(diary)
    fitted = fit_model(find("attack", "lightgbm"), data, params={"n_estimators": trees}, seed=3)
    _ours(work, fitted, data, horizon=0 if flat else 1)
    joblib.dump(fitted.pipeline, work / "model.joblib")
    (work / "names.json").write_text(json.dumps(data.names))
    row = [None if np.isnan(value) else float(value) for value in data.X[-1]]
    return row, list(data.names)


def synthetic_diary(participants: int = 60, days: int = 90) -> pd.DataFrame:
    """A diary of the synthetic cohort."""
    raw = read_source(
        "synthetic", mapping=None, options={"participants": participants, "days": days}, landing=None
    ).frame
    valid = validate(raw, today=NOW.date(), settings=ValidationSettings()).valid
    return preprocess(valid, settings=PreprocessSettings()).diary


def diary_rows(frame: pd.DataFrame) -> TrainingSet:
    """Tomorrow's attack, from today and the days before it."""
    rows = feature_rows(frame, horizon=1)
    y = rows.frame["target_attack"].to_numpy(np.float64)
    return _training_set(rows.frame[list(rows.names)].to_numpy(np.float32), rows.names, y, frame)


def flat_rows(frame: pd.DataFrame) -> TrainingSet:
    """Today's attack, from today's exposures: each row a person of its own."""
    dated = diary_from_frame(frame)
    diary = Diary(np.arange(len(dated)), np.zeros(len(dated), dtype=np.int64), False, dated.columns)
    names = engine.available(diary)
    X = engine.compute(diary, horizon=0)[:, engine.select(names)]
    return _training_set(X, names, frame[ATTACK].to_numpy(np.float64), frame)


def _training_set(X: NDArray[np.float32], names: tuple[str, ...], y: NDArray[np.float64], frame: Any) -> TrainingSet:
    known = ~np.isnan(y)
    who = np.unique(frame["participant_id"].to_numpy(str), return_inverse=True)[1].astype(np.int64)[known]
    return TrainingSet(X[known], names, y[known], who, (who % 3).astype(np.int8))


def _ours(work: Path, fitted: FittedModel, data: TrainingSet, *, horizon: int) -> None:
    context = Context(
        horizon=horizon,
        severity_kind=None,
        features_version=engine.code_version(),
        data_version="0" * 32,
        metrics={},
        reference={item.name: item.to_json() for item in references(data.X, data.names)},
    )
    store, packed = Store(str(work / "home" / "store")), pack(fitted, data, context)
    bundle = write_bundle(store, packed.manifest, packed.model, provenance={})
    promote(store, "attack", champion=bundle, who="benchmark", when=NOW, why=("benchmark",))
    (work / "model.onnx").write_bytes(packed.model)


def write_peers(work: Path) -> None:
    """The programs of the peers."""
    (work / "uvicorn_app.py").write_text(UVICORN_APP)
    (work / "joblib_app.py").write_text(JOBLIB_APP)
    (work / "bento_service.py").write_text(BENTO_SERVICE)


def environment(folder: Path, peer: Peer) -> str:
    """The interpreter of the peer's environment, made where it is absent. The model's libraries have our versions."""
    python = folder / peer.name / "bin" / "python"
    done = folder / peer.name / "done"
    if not done.exists():
        print(f"making the environment of {peer.name} ...", flush=True)
        subprocess.run((sys.executable, "-m", "venv", str(folder / peer.name)), check=True)
        pinned = [f"{name}=={version(name)}" if name in MODEL else name for name in peer.packages]
        subprocess.run((str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *pinned), check=True)
        done.touch()
    return str(python)


def prepare(peer: Peer, python: str, work: Path, port: int) -> None:
    """What a peer needs beside the model."""
    if peer.name == "mlflow" and not (work / "mlflow_model").exists():
        code = (
            "import joblib, mlflow; mlflow.sklearn.save_model(joblib.load('model.joblib'), 'mlflow_model', "
            "serialization_format='cloudpickle', pyfunc_predict_fn='predict_proba')"
        )
        subprocess.run((python, "-c", code), cwd=work, check=True, capture_output=True)
    if peer.name == "mlserver":
        folder = work / f"mlserver-{port}"
        folder.mkdir()
        shutil.copy(work / "model.joblib", folder)
        (folder / "model-settings.json").write_text(json.dumps(MLSERVER_MODEL))
        others = dict(zip(("grpc_port", "metrics_port"), free_ports(2), strict=True))
        ports = {"host": "127.0.0.1", "http_port": port, **others}
        (folder / "settings.json").write_text(json.dumps({**ports, "parallel_workers": 0, "debug": False}))


def fortnight() -> bytes:
    """What our service is asked: fourteen days of one person."""
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


@dataclass(frozen=True)
class Load:
    """One thing to ask of a server."""

    label: str
    url: str
    body: bytes


def measure(
    command: Sequence[str], work: Path, loads: Sequence[Load], *, seconds: int, warm: int, **extra: str
) -> dict[str, Rate]:
    """Start a server, wait until it answers well, warm it up, put each load on it, end it."""
    settings = os.environ | {"OMP_NUM_THREADS": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "BENTOML_DO_NOT_TRACK": "true"}
    # Peers with programs of their own directory call the interpreter's scripts by name.
    settings |= {"PATH": f"{Path(command[0]).parent}:{os.environ['PATH']}"} | extra
    with (work / "output").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=work, env=settings, stdout=output, stderr=output, start_new_session=True
        )
    try:
        await_answer(process, loads[0], work)
        load(loads[0], work, seconds=warm)
        return {each.label: load(each, work, seconds=seconds, session=process.pid) for each in loads}
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            pass
        finally:
            end_group(process)


def end_group(process: "subprocess.Popen[bytes]") -> None:
    """End whatever the server has left behind."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


def await_answer(process: "subprocess.Popen[bytes]", asked: Load, work: Path) -> None:
    """Return at the first good answer. Raises `RuntimeError` with the output where there is none."""
    deadline, last = time.monotonic() + START_SECONDS, ""
    while time.monotonic() < deadline and process.poll() is None:
        request = urllib.request.Request(asked.url, asked.body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=10):
                return
        except urllib.error.HTTPError as error:
            last = f"{error.code} {error.read().decode()[:500]}"
        except OSError as error:
            last = str(error)
        time.sleep(0.5)
    raise RuntimeError(f"{asked.url} did not answer: {last}\n{(work / 'output').read_text()[-2000:]}")


def write_script(asked: Load, work: Path) -> Path:
    """What wrk is to send."""
    script = work / "request.lua"
    quoted = asked.body.decode().replace("\\", "\\\\").replace("'", "\\'")
    script.write_text(f"wrk.method = 'POST'\nwrk.body = '{quoted}'\nwrk.headers['Content-Type'] = 'application/json'\n")
    return script


def load(asked: Load, work: Path, *, seconds: int, session: int | None = None) -> Rate:
    """wrk with 16 connections."""
    script = write_script(asked, work)
    command = ("wrk", "-t1", "-c16", f"-d{seconds}", "--latency", "--timeout", "10", "-s", str(script), asked.url)
    before = processor_seconds(session)
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    used = (processor_seconds(session) - before) / seconds
    found = re.search(r"Requests/sec:\s+([\d.]+)", text)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    rate = float(found[1]) if found else 0.0
    return Rate(rate, latency(text, "50"), latency(text, "99"), int(bad[1]) if bad else 0, used)


def processor_seconds(session: int | None) -> float:
    """What the living processes that descend from `session` have used of the processors."""
    if session is None:
        return 0.0
    parents, used = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(stat.parent.name)
        parents[pid], used[pid] = int(fields[1]), int(fields[11]) + int(fields[12])
    return sum(used[pid] for pid in used if _descends(pid, session, parents)) / os.sysconf("SC_CLK_TCK")


def _descends(pid: int, ancestor: int, parents: dict[int, int]) -> bool:
    while pid in parents and pid != ancestor:
        pid = parents[pid]
    return pid == ancestor


def latency(text: str, percent: str) -> float:
    """A percentile in wrk's report, in milliseconds."""
    found = re.search(rf"\s{percent}%\s+([\d.]+)(us|ms|s)", text)
    return float(found[1]) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[found[2]] if found else float("nan")


def measure_ours(work: Path, row: tuple[Any, Any], *, seconds: int) -> dict[str, Rate]:
    """Our own service, as `migraine serve` starts it."""
    port = free_ports(1)[0]
    command = (sys.executable, "-c", "from serving.cli import app; app()", "serve", "--port", str(port))
    root, base = str(Path(__file__).resolve().parents[1]), f"http://127.0.0.1:{port}"
    home = {"MIGRAINE_HOME": str(work / "home"), "PYTHONPATH": root}
    tensor = {"inputs": [{**_tensor(*row)["inputs"][0], "name": INPUT}]}
    loads = (
        Load(OURS, f"{base}/v2/models/attack/infer", json.dumps(tensor).encode()),
        Load(f"{OURS}, fortnight", f"{base}/predict", fortnight()),
    )
    return measure(command, work, loads, seconds=seconds, warm=SCALE_SECONDS, **home)


def measure_peer(peer: Peer, work: Path, environments: Path, row: tuple[Any, Any], *, seconds: int) -> dict[str, Rate]:
    """A peer, in its own environment."""
    python, port = environment(environments, peer), free_ports(1)[0]
    prepare(peer, python, work, port)
    asked = Load(peer.name, f"http://127.0.0.1:{port}{peer.path}", json.dumps(peer.body(*row)).encode())
    return measure((python, *peer.command(port)), work, (asked,), seconds=seconds, warm=WARM_SECONDS)


def show(rates: dict[str, list[Rate]]) -> None:
    """The medians, and the ratios of ours to each peer."""
    ours = statistics.median(rate.rate for rate in rates[OURS]) if OURS in rates else float("nan")
    bars = {peer.name: peer.bar for peer in PEERS}
    print(f"\n{'':<16}{'req/s':>8}{'p50 ms':>9}{'p99 ms':>9}{'bad':>6}{'processors':>12}{'ours / it':>11}{'bar':>7}")
    for name, found in rates.items():
        middle = sorted(found, key=lambda rate: rate.rate)[len(found) // 2]
        rate = statistics.median(each.rate for each in found)
        bad, busy = sum(each.bad for each in found), statistics.median(each.processors for each in found)
        verdict = f"{ours / rate:>11.2f}{bars[name]:>7}" if name in bars else ""
        print(f"{name:<16}{rate:>8.0f}{middle.p50:>9.1f}{middle.p99:>9.1f}{bad:>6}{busy:>12.1f}{verdict}")
    if OURS in rates:
        print(f"p99 of {OURS}: {max(rate.p99 for rate in rates[OURS]):.1f} ms; bar {P99_BAR:.0f} ms")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", default=",".join((OURS, *(peer.name for peer in PEERS))))
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--trees", type=int, default=300)
    parser.add_argument("--environments", type=Path, default=Path(tempfile.gettempdir()) / "migraine-serving-peers")
    given = parser.parse_args()
    wanted = given.peers.split(",")
    rates: dict[str, list[Rate]] = {}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        row = train(work, given.trees)
        write_peers(work)
        for _ in range(given.rounds):
            found = measure_ours(work, row, seconds=given.seconds) if OURS in wanted else {}
            for peer in (each for each in PEERS if each.name in wanted):
                found |= measure_peer(peer, work, given.environments, row, seconds=given.seconds)
            for name, rate in found.items():
                rates.setdefault(name, []).append(rate)
            print({name: round(rate.rate) for name, rate in found.items()}, flush=True)
    show(rates)


if __name__ == "__main__":
    main()
