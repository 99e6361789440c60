"""What is in the images, and what is not."""

import json

import pytest

from migraine_assets_tests.platform.image.containers import USER, Image, needs_images

pytestmark = needs_images
PLATFORM = Image("localhost/migraine-platform:test")
SERVING = Image("localhost/migraine-serving:test")
BOTH = pytest.mark.parametrize("image", [PLATFORM, SERVING], ids=["platform", "serving"])
TRAINING = ("sklearn", "pandas", "mlflow", "dagster", "matplotlib", "xgboost", "lightgbm", "pandera")


@BOTH
def test_nobody_in_particular_runs_it_and_the_root_cannot_be_written(image: Image) -> None:
    code = """
import getpass, os
print(os.getuid(), os.getgid(), getpass.getuser())
for place in ("/", "/opt/migraine", "/usr/bin", "/etc"):
    try:
        open(place + "/x", "w"); print("written", place)
    except OSError: pass
print([line.split()[1] for line in open("/proc/self/status") if line.startswith(("CapEff", "NoNewPrivs"))])
"""
    assert image.python(code).splitlines() == [f"{USER} {USER} migraine", "['0000000000000000', '1']"]


@BOTH
def test_no_compiler_no_installer_and_no_cache_is_left(image: Image) -> None:
    code = """
import os, shutil
tools = ("cc", "gcc", "g++", "ld", "make", "git", "uv", "pip")
print([name for name in tools if (found := shutil.which(name)) and found.startswith("/opt")])
print([name for name in ("cc", "gcc", "g++", "ld", "make", "git", "uv") if shutil.which(name)])
print([place for place in ("/root/.cache", "/build", "/wheels", "/opt/tools") if os.path.exists(place)])
"""
    assert image.python(code).splitlines() == ["[]", "[]", "[]"]


def test_the_service_brings_nothing_of_the_training_side() -> None:
    code = f"import importlib.util as u; print([name for name in {TRAINING!r} if u.find_spec(name)])"
    assert SERVING.python(code) == "[]"


@BOTH
def test_no_library_of_an_accelerator_is_there(image: Image) -> None:
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
def test_its_description_names_the_licence_a_health_check_and_no_secret(image: Image) -> None:
    described = image.described()
    text = json.dumps(described)
    assert described["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert described["User"] == str(USER)
    assert image.health_check()
    assert not [word for word in ("password", "token", "simple/", "pip.conf") if word in text.lower()]


def test_the_service_is_much_the_smaller_one() -> None:
    assert SERVING.described()["Size"] < 0.7 * PLATFORM.described()["Size"]


def test_the_service_can_be_the_head_of_a_cluster_and_its_autoscaler() -> None:
    """KubeRay starts both from this image; what they need is imported by nothing else of it."""
    assert SERVING.python("from ray.autoscaler._private.kuberay import run_autoscaler as r; print(bool(r))") == "True"
    for shell in ("-c", "-lc"):
        # By it KubeRay lets replicas wait for the head.
        assert "--address" in SERVING.run("bash", shell, "ray health-check --help")


def test_the_platform_starts_runs_on_kubernetes_with_records_in_postgres() -> None:
    """Drivers that only a cluster needs."""
    assert PLATFORM.python("import dagster_k8s, dagster_postgres, psycopg2, s3fs, boto3; print('there')") == "there"
