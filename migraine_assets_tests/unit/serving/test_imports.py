"""The modules that a replica loads, and those that it never loads."""

import subprocess
import sys
from pathlib import Path

from migraine_assets_tests.unit.serving.trained import fresh_store

FORBIDDEN = (
    "dagster",
    "mlflow",
    "sklearn",
    "matplotlib",
    "pandas",
    "pandera",
    "scipy",
    "xgboost",
    "lightgbm",
    "skl2onnx",
)

SERVE = """
import sys
from pathlib import Path
from migraine_assets.stores.store import Store
from serving.app import create_app
from serving.api.batch import predict_items
from serving.api.predict import predict_one
from serving.api.record import Recorder
from serving.contract import examples
from serving.services import open_services
from serving.settings import ServingSettings
import json

services = open_services(ServingSettings(node_folder=Path(sys.argv[2])), store=Store(sys.argv[1]))
create_app(services)
recorder = Recorder(services.prediction_log, services.metrics, clock=services.clock)
answer = json.loads(predict_one(services, recorder, json.dumps(examples.diary()).encode()))
assert answer["attack"] and answer["reasons"]["attack"], answer
predict_items(services, recorder, json.dumps(examples.batch()).encode())
services.close()
print(" ".join(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_a_replica_that_has_answered_holds_no_training_library(tmp_path: Path) -> None:

    store = fresh_store(tmp_path)
    run = subprocess.run(
        [sys.executable, "-c", SERVE, store.uri, str(tmp_path / "node")], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert not set(run.stdout.split()) & set(FORBIDDEN)
    assert "pyarrow" not in run.stdout.split()
