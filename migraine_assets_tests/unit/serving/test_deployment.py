import importlib
import subprocess
import sys
import warnings
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from serving.settings import ServingSettings

CONFIG = Path(__file__).resolve().parents[3] / "serving" / "serve_config.yaml"
# Ray itself imports pandas.
HEAVY = ("dagster", "mlflow", "sklearn", "matplotlib", "xgboost", "lightgbm", "skl2onnx")


def import_quietly(name: str) -> ModuleType:
    """Import the module `name` without the warnings that importing Ray causes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(name)


deployment = import_quietly("serving.deployment")


def test_a_replica_imports_none_of_the_heavy_libraries() -> None:
    code = f"import sys, serving.deployment; print([name for name in {HEAVY!r} if name in sys.modules])"
    completed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert completed.stdout.strip() == "[]"


def test_overload_gets_a_503_with_retry_after() -> None:
    backpressure = deployment.options(ServingSettings(), deployment.Arguments())["backpressure_config"]
    assert (backpressure.status_code, backpressure.retry_after_s) == (503, 1)


@pytest.mark.parametrize(
    ("settings", "arguments", "expected"),
    [
        (ServingSettings(max_replicas=5), {}, (1, 5)),
        (ServingSettings(min_replicas=4, max_replicas=2), {}, (4, 4)),
        (ServingSettings(max_replicas=5), {"min_replicas": 2, "max_replicas": 10}, (2, 10)),
    ],
)
def test_the_number_of_replicas(
    settings: ServingSettings, arguments: dict[str, int], expected: tuple[int, int]
) -> None:
    scaling = deployment.autoscaling(settings, deployment.Arguments(**arguments))
    assert (scaling.min_replicas, scaling.max_replicas) == expected


def test_it_scales_up_before_a_replica_is_full() -> None:
    settings = ServingSettings()
    scaling = deployment.autoscaling(settings, deployment.Arguments())
    assert scaling.target_ongoing_requests < settings.max_ongoing_requests


def test_the_serve_config_names_the_deployment() -> None:
    schema = import_quietly("ray.serve.schema")
    config = schema.ServeDeploySchema(**yaml.safe_load(CONFIG.read_text()))
    [application] = config.applications
    assert application.import_path == f"{deployment.__name__}:{deployment.build_app.__name__}"
    assert [each.name for each in application.deployments] == [deployment.NAME]
    assert config.http_options.host == "127.0.0.1"
