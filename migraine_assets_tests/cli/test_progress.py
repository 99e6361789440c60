"""Live progress stays on the screen, whatever a run does with the descriptors of its process."""

import contextlib
import io
import subprocess
import sys
from pathlib import Path

from migraine_assets.cli.progress import screen

REDIRECTED = """
import os, sys
from migraine_assets.cli.progress import screen
with screen() as console:
    log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
    os.dup2(log, 2)
    console.print("progress")
    print("of a library", file=sys.stderr, flush=True)
"""


def test_while_a_run_logs_standard_error_progress_is_still_seen(tmp_path: Path) -> None:
    log = tmp_path / "log"
    done = subprocess.run([sys.executable, "-c", REDIRECTED, str(log)], stderr=subprocess.PIPE, text=True, check=True)
    assert done.stderr == "progress\n"
    assert log.read_text() == "of a library\n"


def test_where_nothing_is_behind_it_standard_error_itself_is_written() -> None:
    text = io.StringIO()
    with contextlib.redirect_stderr(text), screen() as console:
        console.print("progress")
    assert text.getvalue() == "progress\n"
