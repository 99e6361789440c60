"""Run the end-to-end tests with PostgreSQL instead of SQLite: `make postgres`. Arguments are passed to pytest."""

import os
import subprocess
import sys

from migraine_assets_tests.platform.postgres.records import SERVER
from migraine_assets_tests.platform.postgres.server import missing, postgres

# Those that read and write many records: of runs, of experiments, or while something is killed.
NAMES = ("trained", "rerun", "promotion", "interrupted", "mlflow", "alerts")
TESTS = [f"migraine_assets_tests/e2e/test_{name}.py" for name in NAMES]


def main() -> int:
    """Start a server and run the tests. Returns the exit code of pytest, or 2 if no server can be started."""
    if reason := missing():
        sys.stderr.write(reason + "\n")
        return 2
    with postgres() as server:
        env = os.environ | {SERVER: server.url("").rstrip("/")}
        return subprocess.run(
            [sys.executable, "-m", "pytest", *(sys.argv[1:] or TESTS)], env=env, check=False
        ).returncode


if __name__ == "__main__":
    sys.exit(main())
