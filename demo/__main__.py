"""`make demo-drift`: the story in a fresh folder, kept for looking around.

python -m demo [FOLDER]
"""

import sys
import tempfile
from pathlib import Path

from demo.running import Missed
from demo.story import play
from migraine_assets.cli.console import print_error


def main() -> int:
    """Play it; the exit code."""
    given = sys.argv[1:]
    home = Path(given[0]).resolve() if given else Path(tempfile.mkdtemp(prefix="migraine-demo-"))
    if home.exists() and any(home.iterdir()):
        print_error(f"{home} is not empty. Name an empty folder, or none.")
        return 2
    home.mkdir(parents=True, exist_ok=True)
    try:
        play(home)
    except Missed as missed:
        print_error(str(missed), hint=f"See {home / 'service.log'} and {home / 'daemon.log'}.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
