"""The content of the images."""

import json

import pytest

from migraine_assets_tests.platform.image.containers import USER, Image, needs_images

pytestmark = needs_images
PLATFORM = Image("localhost/migraine-platform:test")
SERVING = Image("localhost/migraine-serving:test")
BOTH = pytest.mark.parametrize("image", [PLATFORM, SERVING], ids=["platform", "serving"])
TRAINING = ("sklearn", "pandas", "mlflow", "dagster", "matplotlib", "xgboost", "lightgbm", "pandera")


@BOTH
def test_it_runs_as_an_unprivileged_user_with_a_read_only_root(image: Image) -> None:
    code = """
import getpass, os
print(os.getuid(), os.getgid(), getpass.getuser())
for folder in ("/", "/opt/migraine", "/usr/bin", "/etc"):
    try:
        open(folder + "/x", "w"); print("written", folder)
    except OSError: pass
print([line.split()[1] for line in open("/proc/self/status") if line.startswith(("CapEff", "NoNewPrivs"))])
"""
    assert image.python(code).splitlines() == [f"{USER} {USER} migraine", "['0000000000000000', '1']"]


@BOTH
def test_it_contains_no_compiler_installer_or_cache(image: Image) -> None:
    code = """
import os, shutil
tools = ("cc", "gcc", "g++", "ld", "make", "git", "uv", "pip")
print([name for name in tools if (path := shutil.which(name)) and path.startswith("/opt")])
print([name for name in ("cc", "gcc", "g++", "ld", "make", "git", "uv") if shutil.which(name)])
print([path for path in ("/root/.cache", "/build", "/wheels", "/opt/tools") if os.path.exists(path)])
"""
    assert image.python(code).splitlines() == ["[]", "[]", "[]"]


def test_the_service_contains_no_training_package() -> None:
    code = f"import importlib.util as u; print([name for name in {TRAINING!r} if u.find_spec(name)])"
    assert SERVING.python(code) == "[]"


@BOTH
def test_it_contains_no_gpu_library(image: Image) -> None:
    code = "import glob; print(glob.glob('/opt/migraine/lib/python3*/site-packages/nvidia*'))"
    assert image.python(code) == "[]"


@BOTH
def test_every_module_is_compiled(image: Image) -> None:
    code = """
from importlib.util import cache_from_source
from pathlib import Path
import migraine_assets, serving
files = [f for p in (migraine_assets, serving) for f in Path(p.__path__[0]).rglob("*.py")]
print(len(files) > 100, [str(f) for f in files if not Path(cache_from_source(str(f))).exists()])
"""
    assert image.python(code) == "True []"


@BOTH
def test_its_metadata_has_a_license_and_a_health_check_but_no_secret(image: Image) -> None:
    description = image.description()
    text = json.dumps(description)
    assert description["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert description["User"] == str(USER)
    assert image.health_check()
    assert not [word for word in ("password", "token", "simple/", "pip.conf") if word in text.lower()]


def test_the_service_is_much_smaller() -> None:
    assert SERVING.description()["Size"] < 0.7 * PLATFORM.description()["Size"]


def test_the_service_can_be_a_ray_head_and_its_autoscaler() -> None:
    """KubeRay starts both from this image. The service itself does not import what they need."""
    assert SERVING.python("from ray.autoscaler._private.kuberay import run_autoscaler as r; print(bool(r))") == "True"
    for shell in ("-c", "-lc"):
        # KubeRay uses it to let workers wait for the head.
        assert "--address" in SERVING.run("bash", shell, "ray health-check --help")


def test_the_platform_contains_the_drivers_for_kubernetes_postgresql_and_s3() -> None:
    """They are needed only in a cluster."""
    assert PLATFORM.python("import dagster_k8s, dagster_postgres, psycopg2, s3fs, boto3; print('there')") == "there"
