"""With a guarded rollout a better model first runs in shadow mode beside the champion."""

from pathlib import Path

from migraine_assets_tests.support.homes import Home
from migraine_assets_tests.support.small_diary import write_diary, write_params

ROLLOUT = "\nautomation: {rollout: {shadow_days: 3}}\n"


def test_a_model_that_passes_the_gate_becomes_a_rollout_candidate_once(tmp_path: Path) -> None:
    home = Home.make(tmp_path / "home")
    write_params(home.params)
    home.params.write_text(home.params.read_text() + ROLLOUT)
    write_diary(home.landing / "diary.csv", 4, noise=0.6)
    assert home.migraine("run").code == 0
    first = home.pointer.tasks["attack"].champion
    assert home.asset("champions/attack").outcome == "promoted"  # there was no champion before
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
