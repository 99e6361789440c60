"""The unit tests mirror the source: `a/test_b.py` and `a/test_b_aspect.py` test the module `a/b.py`."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "migraine_assets_tests" / "unit"
# Behavior of a whole package, which no single module has.
WHOLE = {
    "core/alerts/test_alerts_document.py",
    "defs/monitoring/test_real_diaries.py",
    "serving/api/test_clients.py",
    "serving/api/test_document.py",
    "serving/cluster/test_ending.py",
    "serving/cluster/test_ray.py",
    "serving/cluster/test_ray_limits.py",
    "serving/test_imports.py",
    "sources/cohort/test_epidemiology.py",
    "sources/test_cases.py",
    "sources/files/test_broken_files.py",
    "sources/test_round_trip.py",
    "stores/test_damaged_files.py",
}
FILES = [path.relative_to(UNIT) for path in sorted(UNIT.rglob("test_*.py"))]


def _has_module(test: Path) -> bool:
    """Return whether the name begins with that of a module in `migraine_assets`, or in `serving` or `scripts` beside
    it.
    """
    words = test.stem.removeprefix("test_").split("_")
    names = {"_".join(words[:count]) + ".py" for count in range(1, len(words) + 1)}
    folders = (ROOT / "migraine_assets" / test.parent, ROOT / test.parent)
    return any((folder / name).is_file() for folder in folders for name in names)


@pytest.mark.parametrize("test", FILES, ids=str)
def test_a_unit_test_has_a_module(test: Path) -> None:
    assert str(test) in WHOLE or _has_module(test)


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_every_exception_is_needed(name: str) -> None:
    assert (UNIT / name).is_file()
    assert not _has_module(Path(name))
