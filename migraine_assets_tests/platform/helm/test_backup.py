"""The containers of the backup run, and a lost platform is restored from their backup."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from migraine_assets.stores.store import Store
from migraine_assets_tests.platform.helm.rendering import RELEASE, Manifest, named, render
from migraine_assets_tests.platform.postgres.server import Postgres, missing, postgres, program
from migraine_assets_tests.support.service import put_champion

pytestmark = pytest.mark.slow

MIGRAINE = str(Path(sys.executable).parent / "migraine")


def _run(container: Manifest, folder: Path, server: Postgres) -> None:
    """Run a container with this machine's folders and databases."""

    def here(text: str) -> str:
        return text.replace("/backup/", f"{folder}/dumps/").replace("=/backup", f"={folder}/dumps")

    urls = {"DAGSTER_POSTGRES_URL": server.url("dagster"), "MLFLOW_BACKEND_STORE_URI": server.url("mlflow")}
    own = {each["name"]: each["value"] for each in container["env"] if "value" in each}
    tools = f"{Path(str(program('pg_dump'))).parent}:{Path(MIGRAINE).parent}:{os.environ['PATH']}"
    environment = os.environ | own | urls | {"PATH": tools, "MIGRAINE_HOME": str(folder / "home")}
    command = [here(part) for part in (*container["command"], *container.get("args", []))]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout


def _files(store: Path) -> dict[Path, bytes]:
    """Return all files except locks and unfinished writes."""
    files = (path for path in store.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {path.relative_to(store): path.read_bytes() for path in files}


def test_a_lost_platform_is_restored_from_its_backup(tmp_path: Path) -> None:
    if reason := missing():
        pytest.skip(reason)
    objects = render({"backup": {"enabled": True, "uri": f"file://{tmp_path}/backups"}})
    pod = named(objects, "CronJob", f"{RELEASE}-backup")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (tmp_path / "dumps").mkdir()
    store = tmp_path / "home" / "store"
    put_champion(Store(str(store)), weight=0.5)
    before = _files(store)
    with postgres() as server:
        server.create("dagster", "mlflow")
        for database in ("dagster", "mlflow"):
            server.query(database, f"CREATE TABLE runs AS SELECT generate_series(1, 1000) AS id, '{database}' AS of")
        for container in (*pod["initContainers"], *pod["containers"]):
            _run(container, tmp_path, server)

        shutil.rmtree(tmp_path / "home")
        for database in ("dagster", "mlflow"):
            server.query("postgres", f"DROP DATABASE {database}")
        server.create("dagster", "mlflow")
        restored = subprocess.run(
            [MIGRAINE, "restore", f"file://{tmp_path}/backups", "--dumps", str(tmp_path / "restored")],
            env=os.environ | {"MIGRAINE_HOME": str(tmp_path / "home")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert restored.returncode == 0, restored.stderr
        for database in ("dagster", "mlflow"):
            dump = tmp_path / "restored" / f"{database}.dump"
            options = ("--clean", "--if-exists", "--no-owner", "--dbname", server.url(database))
            subprocess.run([str(program("pg_restore")), *options, str(dump)], check=True)
            assert server.query(database, "SELECT count(*), min(of) FROM runs") == [(1000, database)]
    assert _files(store) == before
