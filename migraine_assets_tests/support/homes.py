"""A home for tests: run commands in this process or a separate one, and inspect the resulting state."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from migraine_assets.cli.app import run_command
from migraine_assets.cli.dagster.execution import RunOutcome, outcome_of
from migraine_assets.cli.dagster.instance import open_instance
from migraine_assets.definitions import build_defs
from migraine_assets.defs.refs import EvaluationRef, ModelRef, from_stored
from migraine_assets.settings import Settings
from migraine_assets.stores.assets.current_values import read_current
from migraine_assets.stores.bundles.bundles import load_bundle
from migraine_assets.stores.registry.pointer import Pointer, read_pointer
from migraine_assets.stores.store import Store
from migraine_assets_tests.platform.postgres import records
from migraine_assets_tests.support.small_diary import write_params

COMMAND = (sys.executable, "-c", "from migraine_assets.cli.app import main; main()")
TASKS = ("attack", "severity")
FAMILY = {"attack": "classifiers", "severity": "regressors"}
CopyHome = Callable[["Home"], "Home"]


@dataclass(frozen=True)
class Result:
    """Exit code and output of a finished command."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Everything that it printed."""
        return self.out + self.err


@dataclass(frozen=True)
class Home:
    """A state folder (`MIGRAINE_HOME`) with its own parameters."""

    root: Path

    @classmethod
    def make(cls, root: Path) -> "Home":
        """Return a new home whose parameters keep every model small."""
        home = cls(root)
        home.landing.mkdir(parents=True)
        write_params(home.params)
        return home

    @property
    def params(self) -> Path:
        """The parameter file."""
        return self.root / "params.yaml"

    @property
    def landing(self) -> Path:
        """The landing folder."""
        return self.root / "landing"

    @property
    def reports(self) -> Path:
        """The reports."""
        return self.root / "reports"

    @property
    def store(self) -> Store:
        """The store."""
        return Store(str(self.root / "store"))

    @property
    def pointer(self) -> Pointer:
        """The current champions."""
        return read_pointer(self.store)

    @property
    def mlflow(self) -> str:
        """The MLflow tracking URI."""
        return records.of(self.root).get("MIGRAINE_MLFLOW_TRACKING_URI", f"sqlite:///{self.root / 'mlflow.db'}")

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment variables of a command on this home."""
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("MIGRAINE_", "DAGSTER_"))
        }
        # Without bytecode files every process would spend seconds compiling its libraries.
        inherited.pop("PYTHONDONTWRITEBYTECODE", None)
        # Parallel test workers set it; a pipe has no width.
        inherited.pop("COLUMNS", None)
        own = {"MIGRAINE_HOME": str(self.root), "MIGRAINE_PARAMS": str(self.params), "OMP_NUM_THREADS": "1"}
        return inherited | own | records.of(self.root) | dict(extra or {})

    def migraine(self, *arguments: str, extra: Mapping[str, str] | None = None) -> Result:
        """Run the command in this process."""
        out, err = io.StringIO(), io.StringIO()
        with self.entered(extra), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run_command(arguments)
        return Result(code, out.getvalue(), err.getvalue())

    def process(self, *arguments: str, extra: Mapping[str, str] | None = None, cwd: Path | None = None) -> Result:
        """Run the command in a separate process and wait for it."""
        done = subprocess.run(
            [*COMMAND, *arguments],
            env=self.environment(extra),
            cwd=cwd or self.root,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start the command in a separate process group."""
        return subprocess.Popen(
            [*COMMAND, *arguments],
            env=self.environment(),
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    @contextlib.contextmanager
    def entered(self, extra: Mapping[str, str] | None = None) -> Iterator[None]:
        """Set the environment of the home in this process inside the block."""
        before = dict(os.environ)
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        os.environ.clear()
        os.environ.update(self.environment(extra))
        try:
            with warnings.catch_warnings():
                # Dagster and MLflow raise warnings about their own code; only warnings from this project are errors.
                warnings.simplefilter("ignore")
                warnings.filterwarnings("error", module=r"migraine_assets\.")
                yield
        finally:
            os.environ.clear()
            os.environ.update(before)
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def newest_run(self) -> RunOutcome:
        """Return the outcome of the newest Dagster run, as the command reads it."""
        with self.entered(), open_instance(Settings()) as instance:
            run = instance.get_runs(limit=1)[0]
            events = [log.dagster_event for log in instance.all_logs(run.run_id) if log.dagster_event]
            return outcome_of(run.run_id, events, success=run.is_success)

    def asset(self, key: str) -> Any:
        """Return the current value of an asset."""
        content = read_current(self.store, key)
        assert content is not None, f"{key} has no value"
        return from_stored(content)

    def models(self, task: str) -> dict[str, ModelRef]:
        """Return the trained models of a task."""
        keys = [leaf.removesuffix(".json") for leaf in self.store.list(f"assets/{FAMILY[task]}")]
        return {key: self.asset(f"{FAMILY[task]}/{key}") for key in keys}

    def bundles(self) -> dict[str, str | None]:
        """Return the bundle hash of every model, None if training failed."""
        return {f"{task}/{key}": model.bundle for task in TASKS for key, model in self.models(task).items()}

    def evaluation(self) -> dict[str, Any]:
        """Return the newest evaluation.json."""
        content: dict[str, Any] = json.loads((self.reports / "latest" / "evaluation.json").read_bytes())
        return content

    def evaluation_of(self, task: str) -> EvaluationRef:
        """Return the current evaluation of a task."""
        value: EvaluationRef = self.asset(f"evaluation/{task}")
        return value


def materialize_everything(home: Home) -> dg.ExecuteInProcessResult:
    """Materialize all unpartitioned assets without configuration, on the instance of the home."""
    with home.entered(), open_instance(Settings()) as instance:
        defs = build_defs()
        job, pipeline = defs.resolve_implicit_global_asset_job_def(), defs.resolve_job_def("full_pipeline")
        keys = list(pipeline.asset_layer.executable_asset_keys)
        return job.execute_in_process(instance=instance, asset_selection=keys)


def assert_sound(home: Home) -> None:
    """Assert that no temporary file is left, and that bundles, pointer and reports are complete."""
    store = home.store
    for folder, _, files in os.walk(home.root / "store"):
        assert not [name for name in files if name.endswith((".tmp", ".part"))], folder
    for name in store.list("bundles"):
        load_bundle(store, name)
    for current in home.pointer.tasks.values():
        for name in filter(None, (current.champion, current.challenger)):
            load_bundle(store, name)
    for path in (home.root / "store").rglob("*.json"):
        if not any(part.startswith(".") for part in path.parts):
            json.loads(path.read_bytes())
    for folder in home.reports.glob("[!.]*") if home.reports.exists() else ():
        sections = json.loads((folder / "evaluation.json").read_bytes())
        assert sections
        assert (folder / "index.html").read_text().rstrip().endswith("</html>")
        for task in sections:
            assert (folder / f"{task}.html").read_text().rstrip().endswith("</html>")
