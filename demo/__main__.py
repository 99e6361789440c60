"""`make demo-drift`: run the demonstration in an empty folder and keep it for inspection.

python -m demo [FOLDER]
"""

import sys
import tempfile
from pathlib import Path

from demo.processes import WaitTimeout
from demo.story import play
from migraine_assets.cli.console import print_error


def main() -> int:
    """Run the demonstration and return the exit code."""
    arguments = sys.argv[1:]
    home = Path(arguments[0]).resolve() if arguments else Path(tempfile.mkdtemp(prefix="migraine-demo-"))
    if home.exists() and any(home.iterdir()):
        print_error(f"{home} is not empty. Give an empty folder, or no argument.")
        return 2
    home.mkdir(parents=True, exist_ok=True)
    try:
        play(home)
    except WaitTimeout as error:
        print_error(str(error), hint=f"See {home / 'service.log'} and {home / 'daemon.log'}.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
