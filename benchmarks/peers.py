"""The servers that `benchmarks.serving` compares with: their programs, environments and requests.

Not here: the model that they serve (`benchmarks.serving`), the load (`benchmarks.load`).
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from serving.cluster.ray_environment import free_ports

# Packages of the pickled model. Peers install the versions of this environment.
MODEL = ("scikit-learn", "lightgbm", "numpy", "scipy", "joblib", "pandas")

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
    """A server. `target`: required ratio of our rate to its rate. `command`: run in a folder with the model."""

    name: str
    target: float
    packages: tuple[str, ...]
    command: Callable[[int], tuple[str, ...]]
    path: str
    body: Callable[[list[float | None], list[str]], dict[str, Any]]


def _uvicorn(app: str) -> Callable[[int], tuple[str, ...]]:
    return lambda port: ("-m", "uvicorn", f"{app}:app", "--port", str(port), "--no-access-log", "--log-level", "error")


def tensor(row: list[float | None], _: list[str]) -> dict[str, Any]:
    """Return the body of an Open Inference Protocol request."""
    data = [0.0 if value is None else value for value in row]
    values = {"name": "x", "shape": [1, len(data)], "datatype": "FP32", "data": data}
    return {"inputs": [values], "outputs": [{"name": "predict_proba"}]}


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
        "/v2/models/migraine/infer", tensor,
    ),
    Peer(
        "bentoml", 2.5, ("bentoml", *MODEL),
        lambda port: ("-m", "bentoml", "serve", "bento_service:Migraine", "--port", str(port)),
        "/predict", lambda row, _: {"features": row},
    ),
)  # fmt: skip


def write_peers(work: Path) -> None:
    """Write the programs of the peers."""
    (work / "uvicorn_app.py").write_text(UVICORN_APP)
    (work / "joblib_app.py").write_text(JOBLIB_APP)
    (work / "bento_service.py").write_text(BENTO_SERVICE)


def environment(folder: Path, peer: Peer) -> str:
    """Return the interpreter of the peer's environment; create the environment if necessary."""
    python = folder / peer.name / "bin" / "python"
    done = folder / peer.name / "done"
    if not done.exists():
        print(f"creating the environment of {peer.name} ...", flush=True)
        subprocess.run((sys.executable, "-m", "venv", str(folder / peer.name)), check=True)
        pinned = [f"{name}=={version(name)}" if name in MODEL else name for name in peer.packages]
        subprocess.run((str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *pinned), check=True)
        done.touch()
    return str(python)


def prepare(peer: Peer, python: str, work: Path, port: int) -> None:
    """Write the files that a peer needs besides the model."""
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
