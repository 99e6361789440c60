"""The lock files: pinned by hash, without registry addresses, and each with the packages that it needs."""

import re
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).parents[3] / "requirements"
LOCKS = sorted(REQUIREMENTS.glob("*.lock"))
TRAINING = {"scikit-learn", "pandas", "mlflow", "dagster", "matplotlib", "xgboost", "lightgbm", "pandera"}


def pins(lock: Path) -> dict[str, str]:
    """Return the version of each package."""
    return dict(re.findall(r"^([\w.\-]+)(?:\[[^\]]*\])?==([^\s;]+)", lock.read_text(encoding="utf-8"), re.M))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_package_is_pinned_by_hash_and_no_registry_is_named(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    blocks = re.split(r"^(?=[\w.\-]+(?:\[[^\]]*\])?==)", text, flags=re.M)[1:]
    assert blocks
    assert not [block.split()[0] for block in blocks if "--hash=sha256:" not in block]
    assert "://" not in text


@pytest.mark.parametrize("name", ["run", "platform", "serving", "kostecki-dillon"])
def test_every_lock_has_the_tested_versions(name: str) -> None:
    tested = pins(REQUIREMENTS / "dev.lock")
    assert pins(REQUIREMENTS / f"{name}.lock").items() <= tested.items()


def test_the_service_installs_neither_training_packages_nor_gpu_libraries() -> None:
    names = set(pins(REQUIREMENTS / "serving.lock"))
    assert {"ray", "onnxruntime", "msgspec", "s3fs"} <= names
    assert not names & TRAINING
    assert not [name for name in names if name.startswith("nvidia")]
