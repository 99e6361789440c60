"""PDF of a page, printed by the Chromium of this machine, without a network.

Not here: the page (`sheet.page`).
"""

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from migraine_assets.errors import ConfigurationError, StoreError
from migraine_assets.stores.unfinished import unfinished_folder

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
_SECONDS = 90
_OPTIONS = (
    "--headless", "--disable-gpu", "--disable-extensions", "--disable-background-networking", "--no-first-run",
    "--no-pdf-header-footer", "--disable-breakpad", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip


def browser() -> str:
    """Return the command of a Chromium. Raises `ConfigurationError` without one."""
    command = next(filter(None, map(shutil.which, BROWSERS)), None)
    if command is None:
        raise ConfigurationError(
            "A PDF needs Chromium, and none of the commands "
            f"{', '.join(BROWSERS)} is on this machine. Write FILE.html and print it to PDF from any browser."
        )
    return command


def write_pdf(path: Path, html: bytes) -> None:
    """Print `html` to `path`, complete or not at all.

    Raises `ConfigurationError` without a Chromium, `StoreError` if it fails, and `OSError`.
    """
    command = browser()
    # The page is read from a file of its owner alone: other users can read the arguments of a process.
    with unfinished_folder(path, {"page.html": html}) as folder:
        printed = folder.absolute() / "page.pdf"
        # As root, Chromium starts only without its sandbox. The page has no script and loads nothing.
        sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
        profile = f"--user-data-dir={folder.absolute() / 'profile'}"
        page = (folder.absolute() / "page.html").as_uri()
        output = _run([command, *_OPTIONS, *sandbox, profile, f"--print-to-pdf={printed}", page])
        if not printed.is_file() or not printed.read_bytes().startswith(b"%PDF-"):
            last = (output.strip().splitlines() or ["no output"])[-1]
            raise StoreError(
                f"{Path(command).name} printed no PDF: {last[:300]}. Write FILE.html and print it from any browser."
            )
        with printed.open("rb") as file:
            os.fsync(file)
        os.replace(printed, path)


def _run(command: list[str]) -> str:
    """Run `command` in a process group of its own, and end the group after it or after `_SECONDS`."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        return process.communicate(timeout=_SECONDS)[1]
    except subprocess.TimeoutExpired:
        return f"it did not finish within {_SECONDS} s"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
