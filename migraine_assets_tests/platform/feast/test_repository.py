"""The written repository with Feast itself, on SQLite and on a real Redis: it serves what models are trained on.

Feast needs other versions than this project, so it has an environment of its own: `make feast` creates it and runs
this test.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from migraine_assets.stores.feast_repository import TABLE
from migraine_assets_tests.support.homes import Home
from migraine_assets_tests.support.ports import free_port
from migraine_assets_tests.support.waiting import eventually

FEAST = Path(__file__).parents[3] / ".venv-feast" / "bin" / "feast"
REDIS = shutil.which("redis-server")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FEAST.exists(), reason="Feast is not installed in .venv-feast: make feast"),
]

# Compares every feature in the online store with the newest row of each participant, and those of past times with
# their rows. Runs with Feast.
_COMPARE = """
import sys
import numpy as np, pandas as pd
from feast import FeatureStore

store, table = FeatureStore("."), pd.read_parquet(sys.argv[1])
names = [f"{view.name}:{field.name}" for view in store.list_feature_views() for field in view.features]
columns = [name.partition(":")[2] for name in names]
assert sorted(columns) == sorted(set(table.columns) - {"participant_id", "event_timestamp"})

def equal(one, other):
    return np.array_equal(one[columns].astype("float32"), other[columns].astype("float32"), equal_nan=True)

newest = table.sort_values("event_timestamp").groupby("participant_id").tail(1)
newest = newest[newest["event_timestamp"] >= pd.Timestamp(sys.argv[2], tz="UTC")].sort_values("participant_id")
rows = [{"participant_id": name} for name in newest["participant_id"]]
online = store.get_online_features(features=names, entity_rows=rows).to_df().sort_values("participant_id")
assert len(online) > 1 and online["participant_id"].tolist() == newest["participant_id"].tolist()
assert equal(online, newest), "online"

keys = ["participant_id", "event_timestamp"]
past = table.sample(50, random_state=1).sort_values(keys)
offline = store.get_historical_features(entity_df=past[keys], features=names).to_df().sort_values(keys)
assert equal(offline, past), "offline"
print(len(online), "participants")
"""


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[str]:
    """The address of a Redis on loopback."""
    if REDIS is None:
        pytest.skip("redis-server is not installed. On Debian: apt-get install redis-server")
    port = free_port()
    command = (REDIS, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        eventually(lambda: "Ready to accept connections" in server.stdout.readline())
        yield f"127.0.0.1:{port}"
        server.terminate()


def feast(folder: Path, *arguments: str) -> str:
    environment = os.environ | {"FEAST_USAGE": "False", "PYTHONPATH": ""}
    done = subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("online", ["sqlite", "redis"])
def test_feast_serves_the_features_of_training(
    trained_home: Home, tmp_path: Path, online: str, request: pytest.FixtureRequest
) -> None:
    folder = tmp_path / "repository"
    more = ("--redis", request.getfixturevalue("redis")) if online == "redis" else ()
    written = trained_home.migraine("features", "export", "--feast", str(folder), *more)
    assert written.code == 0, written.text
    *_, oldest, newest = written.out.split()
    feast(folder, str(FEAST), "apply")
    feast(folder, str(FEAST), "materialize", oldest, newest)
    compared = feast(folder, str(FEAST.with_name("python")), "-c", _COMPARE, TABLE, oldest)
    assert "participants" in compared
