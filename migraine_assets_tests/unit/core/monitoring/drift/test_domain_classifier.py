import numpy as np

from migraine_assets.core.monitoring.drift.domain_classifier import domain_auc
from migraine_assets_tests.unit.core.monitoring.cohorts import people


def auc(seed: int, *, shift: float = 0.0, turn: bool = False, count: int = 80) -> float | None:
    rng = np.random.default_rng(seed)
    who, before = people(rng, 100, 20)
    others, now = people(rng, count, 10, shift=shift)
    if turn:
        # The distribution of each column is unchanged, but two independent columns are now correlated.
        before[:, 0], now[:, 0] = rng.normal(size=len(before)), rng.normal(size=len(now))
        before[:, 1], now[:, 1] = rng.normal(size=len(before)), now[:, 0]
    return domain_auc(
        before.astype(np.float32),
        now.astype(np.float32),
        reference_participants=np.array([f"a{k}" for k in who], dtype=object),
        participants=np.array([f"b{k}" for k in others], dtype=object),
    )


def test_participants_of_the_same_population_cannot_be_distinguished() -> None:
    assert all(0.4 < (auc(seed) or 0) < 0.6 for seed in range(4))


def test_a_shift_is_detected() -> None:
    assert (auc(1, shift=0.7) or 0) > 0.7


def test_a_changed_relation_is_detected_although_no_feature_has_moved() -> None:
    assert (auc(1, turn=True) or 0) > 0.7


def test_few_participants_give_no_result() -> None:
    assert auc(1, count=10) is None
