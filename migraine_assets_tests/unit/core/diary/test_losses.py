import numpy as np
import pytest
from numpy.typing import NDArray

from migraine_assets.core.diary.losses import dependence

RNG = np.random.default_rng(7)
PEOPLE, DAYS = 20, 60
PERSON = np.repeat(np.arange(PEOPLE), DAYS)
RATE = np.linspace(0.05, 0.6, PEOPLE)
ATTACK = (RNG.random(PEOPLE * DAYS) < RATE[PERSON]).astype(np.float64)


def _lost(on_attack: float, else_: float) -> NDArray[np.bool_]:
    chance = np.where(ATTACK == 1, on_attack, else_)
    return np.asarray(np.random.default_rng(3).random(len(ATTACK)) < chance)


def test_a_loss_on_attack_days_is_found() -> None:
    p, attacks, others = dependence(_lost(0.3, 0.02), ATTACK, PERSON)
    assert p < 1e-6
    assert attacks == pytest.approx(0.3, abs=0.05)
    assert others == pytest.approx(0.02, abs=0.02)


def test_a_loss_by_chance_is_none() -> None:
    pvalues = [
        dependence(np.random.default_rng(seed).random(len(ATTACK)) < 0.1, ATTACK, PERSON)[0] for seed in range(200)
    ]
    assert np.mean(np.array(pvalues) < 0.05) < 0.09


def test_participants_with_many_attacks_whose_export_broke_are_no_evidence() -> None:
    lost = (PERSON >= PEOPLE - 5) & (np.random.default_rng(1).random(len(PERSON)) < 0.5)
    assert dependence(lost, ATTACK, PERSON)[0] > 0.01
    # Without participants, the same losses depend on the outcome.
    assert dependence(lost, ATTACK, np.arange(len(PERSON)))[0] < 1e-6


@pytest.mark.parametrize("attack", [np.array([]), np.array([np.nan, 1.0]), np.array([0.0, 0.0])])
def test_without_both_outcomes_nothing_is_tested(attack: NDArray[np.float64]) -> None:
    lost = np.ones(len(attack), dtype=np.bool_)
    assert dependence(lost, attack, np.arange(len(attack)))[0] == 1.0
