"""A seventeenth model needs a row, a builder and an exporter: then it is trained, reported, served and explained.

The three edits are made in a copy of the source, and the copy runs in its own processes, so no other edit can help.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from migraine_assets.cli.dagster.instance import project_root
from migraine_assets.stores.bundles.bundles import load_manifest
from migraine_assets_tests.support.homes import Home, Result
from migraine_assets_tests.support.small_diary import write_diary

pytestmark = pytest.mark.slow

BUILDER = """

def discriminant(settings: BuildSettings) -> Any:
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    return LinearDiscriminantAnalysis(solver="lsqr", **settings.params)
"""
EXPORTER = """

def discriminant(graph: Graph, model: Any, source: str) -> str:
    product = graph.add("MatMul", source, graph.doubles(np.asarray(model.coef_, dtype=np.float64).T))
    return graph.add("Add", product, graph.doubles(model.intercept_))
"""
ROW = """    Estimator(
        key="discriminant",
        task="attack",
        title="Linear discriminant analysis",
        builder=builders.discriminant,
        runs_as="LinearDiscriminantAnalysis",
        score=raw_scores.decision,
        exporter="discriminant",
        defaults={"shrinkage": 0.5},
        space=(Range("shrinkage", 0.1, 1.0),),
        scaled=True,
        heavy=True,
        explanation_rows=64,
    ),
)

CLASSIFIERS"""
SERVE = """
import json, sys
from pathlib import Path
from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.serving.trained import history, put_in_charge, running

store, folder = Store(sys.argv[1]), Path(sys.argv[2])
put_in_charge(store, "attack", sys.argv[3])
with running(store, folder) as (client, services):
    answer = client.post("/predict", json={"entries": history(), "explain": True})
    print(json.dumps({"status": answer.status_code, "body": answer.json()}))
"""
DEFINITIONS = """
import json
from migraine_assets.core.models.catalogue import find
from migraine_assets.defs.executors import RESOURCES, training_tags
from migraine_assets.definitions import build_defs

defs = build_defs()
spec = {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}["classifiers/discriminant"]
tags = training_tags(find("attack", "discriminant"))["dagster-k8s/config"]["container_config"]["resources"]
print(json.dumps({"description": spec.description, "kinds": sorted(spec.kinds), "heavy": tags == RESOURCES["heavy"]}))
"""


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1, path
    path.write_text(text.replace(old, new))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source with the added model."""
    root = tmp_path_factory.mktemp("source")
    for package in ("migraine_assets", "serving", "migraine_assets_tests"):
        shutil.copytree(project_root() / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("dagster.yaml", "pyproject.toml", "workspace.yaml"):
        shutil.copy(project_root() / name, root / name)
    models, export = root / "migraine_assets/core/models", root / "migraine_assets/stores/bundles/export"
    (models / "builders.py").write_text((models / "builders.py").read_text() + BUILDER)
    (export / "dense.py").write_text((export / "dense.py").read_text() + EXPORTER)
    _replace(models / "catalogue.py", ")\n\nCLASSIFIERS", ROW)
    _replace(
        export / "export.py",
        '    "svc": dense.svc,\n',
        '    "svc": dense.svc,\n    "discriminant": dense.discriminant,\n',
    )
    return root


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with a small diary."""
    home = Home.make(tmp_path_factory.mktemp("added") / "home")
    write_diary(home.landing / "diary.csv")
    return home


@pytest.fixture(scope="module")
def run_script(source: Path, home: Home) -> Callable[..., Any]:
    """A function that runs a script with the copied source and returns the JSON that it prints last."""

    def run(script: str, *arguments: str) -> Any:
        environment = home.environment({"PYTHONPATH": str(source)})
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", script, *arguments],
            env=environment, cwd=source, capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


@pytest.fixture(scope="module")
def trained(source: Path, home: Home) -> Result:
    """The output of `migraine run` with the copied source."""
    result = home.process("run", extra={"PYTHONPATH": str(source)}, cwd=source)
    assert result.code == 0, result.err + result.out
    return result


def test_it_is_an_asset_with_the_facts_of_its_row(run_script: Callable[..., Any]) -> None:
    facts = run_script(DEFINITIONS)
    assert facts["description"].startswith("LinearDiscriminantAnalysis. ")
    assert facts == {"description": facts["description"], "kinds": ["onnx", "scikitlearn"], "heavy": True}


def test_it_is_trained_and_exported(trained: Result, home: Home) -> None:
    del trained
    model = home.models("attack")["discriminant"]
    assert model.error is None
    assert model.bundle is not None
    manifest = load_manifest(home.store, model.bundle)
    assert (manifest.used, manifest.explanation_rows) == ("LinearDiscriminantAnalysis", 64)
    assert len(home.models("attack")) == 9


def test_it_is_reported_by_its_title(trained: Result, home: Home) -> None:
    del trained
    assert "discriminant" in home.evaluation()["attack"]["models"]
    assert "Linear discriminant analysis" in (home.reports / "latest" / "attack.html").read_text()


def test_it_is_served_and_explained(
    trained: Result, home: Home, run_script: Callable[..., Any], tmp_path: Path
) -> None:
    del trained
    bundle = home.models("attack")["discriminant"].bundle
    answer = run_script(SERVE, str(home.root / "store"), str(tmp_path), str(bundle))
    assert answer["status"] == 200, answer
    prediction = answer["body"]
    assert 0 < prediction["attack"]["probability"] < 1
    assert prediction["model"]["attack"]["algorithm"] == "discriminant"
    reasons = prediction["reasons"]["attack"]
    explained = reasons["reference"] + sum(item["contribution"] for item in reasons["contributions"]) + reasons["other"]
    assert reasons["contributions"]
    assert explained == pytest.approx(prediction["attack"]["probability"], abs=1e-6)


def test_the_copy_is_what_ran(source: Path, run_script: Callable[..., Any]) -> None:
    script = "import json, serving, migraine_assets; print(json.dumps([serving.__file__, migraine_assets.__file__]))"
    assert all(Path(os.path.realpath(path)).is_relative_to(source.resolve()) for path in run_script(script))
