"""A home that cannot be written: every command that writes exits with 2 and a sentence, and leaves nothing."""

import pytest

from migraine_assets_tests.support.homes import Home

WRITING = (
    ("run",),
    ("monitor",),
    ("ui",),
    ("doctor",),
    ("migrate",),
    ("serve", "--plain"),
    ("promote", "attack", "abc"),
    ("rollback", "attack"),
    ("erase", "someone", "--yes"),
    ("keys", "create", "someone"),
    ("keys", "revoke", "abc"),
    ("rollout", "start", "attack", "shadow"),
    ("rollout", "stop", "attack"),
    ("alerts", "test"),
    ("alerts", "close", "run_failed", "retrain"),
)


@pytest.mark.parametrize("command", WRITING, ids=" ".join)
def test_a_home_that_cannot_be_written_is_wrong_usage(home: Home, command: tuple[str, ...]) -> None:
    """A file where the folder should be: also an administrator cannot write there."""
    (home.root / "file").touch()
    ended = home.migraine(*command, extra={"MIGRAINE_HOME": str(home.root / "file" / "home")})
    assert ended.code == 2, ended.text
    assert f"{home.root / 'file' / 'home'}" in ended.text
    assert "cannot be written" in ended.text
    assert "Traceback" not in ended.text
