"""The lock files: pinned by hash, naming no registry, and each with what its user needs and no more."""

import re
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).parents[3] / "requirements"
LOCKS = sorted(REQUIREMENTS.glob("*.lock"))
TRAINING = {"scikit-learn", "pandas", "mlflow", "dagster", "matplotlib", "xgboost", "lightgbm", "pandera"}


def pins(lock: Path) -> dict[str, str]:
    """Name to version."""
    return dict(re.findall(r"^([\w.\-]+)(?:\[[^\]]*\])?==([^\s;]+)", lock.read_text(encoding="utf-8"), re.M))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_package_is_pinned_by_hash_and_no_registry_is_named(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    blocks = re.split(r"^(?=[\w.\-]+(?:\[[^\]]*\])?==)", text, flags=re.M)[1:]
    assert blocks
    assert not [block.split()[0] for block in blocks if "--hash=sha256:" not in block]
    assert "://" not in text


@pytest.mark.parametrize("name", ["run", "platform", "serving", "kostecki-dillon"])
def test_what_runs_is_what_was_tested(name: str) -> None:
    tested = pins(REQUIREMENTS / "dev.lock")
    assert pins(REQUIREMENTS / f"{name}.lock").items() <= tested.items()


def test_the_service_installs_nothing_of_the_training_side_and_nothing_of_an_accelerator() -> None:
    names = set(pins(REQUIREMENTS / "serving.lock"))
    assert {"ray", "onnxruntime", "msgspec", "s3fs"} <= names
    assert not names & TRAINING
    assert not [name for name in names if name.startswith("nvidia")]
