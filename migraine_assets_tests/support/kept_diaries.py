"""Kept diaries for tests, and separate processes that write to them."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from migraine_assets.stores.diaries.database import open_database
from migraine_assets.stores.diaries.diaries import Diaries, Limits

SECRET = b"secret of the tests"
LIMITS = Limits(days=3660, participants=1000)

# Writes values of a day again and again, and prints each number once it is acknowledged.
_WRITER = """
import sys, itertools
from pathlib import Path
from migraine_assets_tests.support.kept_diaries import open_diaries
url, home, participant, day, last, step, *fields = sys.argv[1:]
with open_diaries(url or None, home=Path(home)) as diaries:
    for k in range(int(last)):
        changes = {field: float(k) for field in fields}
        diaries.put("", participant, int(day) + k * int(step), changes, check=lambda _: None)
        print(k, flush=True)
"""


@contextmanager
def open_diaries(
    url: str | None = None,
    *,
    home: Path,
    secret: bytes = SECRET,
    limits: Limits = LIMITS,
    clock: Callable[[], float] | None = None,
) -> Iterator[Diaries]:
    """Open the diaries at `url`, or in a file under `home`."""
    more: dict[str, Any] = {} if clock is None else {"clock": clock}
    diaries = Diaries(open_database(url, home=home), secret=secret, limits=limits, **more)
    try:
        yield diaries
    finally:
        diaries.close()


def writer(
    url: str | None, home: Path, *fields: str, participant: str = "anna", day: int = 20_000, last: int, step: int
) -> "subprocess.Popen[str]":
    """Start a process that writes `last` numbers into `fields`, of one day (`step` 0) or of as many days (`step` 1)."""
    numbers = map(str, (day, last, step))
    return subprocess.Popen(
        [sys.executable, "-c", _WRITER, url or "", str(home), participant, *numbers, *fields],
        stdout=subprocess.PIPE,
        text=True,
    )


def kill_after(process: "subprocess.Popen[str]", count: int) -> int:
    """Kill a writer once it has acknowledged `count` writes; return how many it acknowledged."""
    assert process.stdout is not None
    with process:
        lines = [process.stdout.readline() for _ in range(count)]
        process.kill()
        return len(lines) + process.stdout.read().count("\n")


def no_check(_: object) -> None:
    """Accept every day."""
