"""With a guarded rollout a better model first runs in shadow mode beside the champion."""

import pytest

from migraine_assets_tests.support.homes import CopyHome, Home
from migraine_assets_tests.support.small_diary import write_diary

pytestmark = pytest.mark.slow

ROLLOUT = "\nautomation: {rollout: {shadow_days: 3}}\n"


def test_a_model_that_passes_the_gate_becomes_a_rollout_candidate_once(noisy_home: Home, copy_of: CopyHome) -> None:
    home = copy_of(noisy_home)
    first = home.pointer.tasks["attack"].champion
    home.params.write_text(home.params.read_text() + ROLLOUT)
    write_diary(home.landing / "diary.csv", 1)
    ended = home.migraine("run")
    assert ended.code == 0, ended.text
    assert home.asset("champions/attack").outcome == "on trial"
    assert "attack: on trial." in ended.out
    candidate = home.pointer.rollouts["attack"]
    assert (candidate.mode, candidate.percent, candidate.against, candidate.who) == ("shadow", 100, first, "pipeline")
    assert home.pointer.tasks["attack"].champion == first
    assert home.migraine("run").code == 0
    assert home.pointer.rollouts["attack"].since == candidate.since
