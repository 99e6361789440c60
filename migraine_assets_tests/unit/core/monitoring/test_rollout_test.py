import numpy as np

from migraine_assets.core.monitoring.rollout_test import (
    RolloutSettings,
    arm_difference,
    decide_rollout,
    paired_difference,
)

SETTINGS = RolloutSettings(shadow_days=7)


def losses(rng: np.random.Generator, people: int, days: int, *, worse: float = 0.0) -> tuple[np.ndarray, ...]:
    """Return losses of candidate and champion on the same days, similar within a participant, and the participants."""
    who = np.repeat(np.arange(people), days)
    champion = rng.uniform(0.1, 0.4, people)[who] + rng.normal(0, 0.1, who.size)
    own = rng.normal(0, 0.03, people)[who]
    return champion + own + rng.normal(0, 0.1, who.size) + worse, champion, who


def test_a_daily_test_withdraws_few_candidates_that_are_not_worse() -> None:
    back = 0
    for seed in range(200):
        candidate, champion, who = losses(np.random.default_rng(seed), 60, 20)
        day = np.tile(np.arange(20), 60)
        looks = [paired_difference(*(v[day < last] for v in (candidate, champion, who))) for last in range(1, 21)]
        back += any(decide_rollout(look, days=0, needed=99, settings=SETTINGS).step == "back" for look in looks)
    assert back <= 10  # 5 % of 200


def test_a_worse_candidate_is_withdrawn_early() -> None:
    difference = paired_difference(*losses(np.random.default_rng(1), 100, 3, worse=0.05))
    verdict = decide_rollout(difference, days=3, needed=7, settings=SETTINGS)
    assert verdict.step == "back"
    assert "is worse" in verdict.reason


def test_a_candidate_that_is_not_worse_advances_after_its_days() -> None:
    difference = paired_difference(*losses(np.random.default_rng(2), 100, 7))
    assert decide_rollout(difference, days=6, needed=7, settings=SETTINGS).step == "wait"
    assert decide_rollout(difference, days=7, needed=7, settings=SETTINGS).step == "on"


def test_a_better_candidate_advances() -> None:
    difference = paired_difference(*losses(np.random.default_rng(3), 200, 7, worse=-0.1))
    assert decide_rollout(difference, days=7, needed=7, settings=SETTINGS).step == "on"


def test_few_participants_give_no_decision() -> None:
    difference = paired_difference(*losses(np.random.default_rng(4), 5, 50, worse=1.0))
    assert decide_rollout(difference, days=99, needed=7, settings=SETTINGS).step == "wait"
    empty = paired_difference([], [], [])
    assert decide_rollout(empty, days=99, needed=7, settings=SETTINGS).step == "wait"


def test_a_canary_is_compared_between_participants() -> None:
    rng = np.random.default_rng(5)
    worse, _, who = losses(rng, 80, 5, worse=0.3)
    _, champion, others = losses(rng, 300, 5)
    assert (
        decide_rollout(arm_difference(worse, who, champion, others), days=1, needed=3, settings=SETTINGS).step == "back"
    )
    _, equal, who = losses(rng, 80, 5)
    assert (
        decide_rollout(arm_difference(equal, who, champion, others), days=3, needed=3, settings=SETTINGS).step == "on"
    )
