import numpy as np

from migraine_assets.core.monitoring.domain_classifier import domain_auc
from migraine_assets_tests.unit.core.monitoring.cohorts import people


def auc(seed: int, *, shift: float = 0.0, turn: bool = False, count: int = 80) -> float | None:
    rng = np.random.default_rng(seed)
    who, before = people(rng, 100, 20)
    others, now = people(rng, count, 10, shift=shift)
    if turn:
        # Each column as before, but two that were independent now go together.
        before[:, 0], now[:, 0] = rng.normal(size=len(before)), rng.normal(size=len(now))
        before[:, 1], now[:, 1] = rng.normal(size=len(before)), now[:, 0]
    return domain_auc(
        before.astype(np.float32),
        now.astype(np.float32),
        reference_participants=np.array([f"a{k}" for k in who], dtype=object),
        participants=np.array([f"b{k}" for k in others], dtype=object),
    )


def test_other_people_of_the_same_world_cannot_be_told_apart() -> None:
    assert all(0.4 < (auc(seed) or 0) < 0.6 for seed in range(4))


def test_a_shift_can_be_told() -> None:
    assert (auc(1, shift=0.7) or 0) > 0.7


def test_a_changed_relation_can_be_told_although_no_feature_has_moved() -> None:
    assert (auc(1, turn=True) or 0) > 0.7


def test_of_few_people_nothing_is_said() -> None:
    assert auc(1, count=10) is None
