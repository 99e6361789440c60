"""`python -m migraine_assets.cli.dagster.webserver`: Dagster's webserver, for requests to this machine only.

A page of another site could otherwise point a host name of its own to 127.0.0.1 (DNS rebinding) and start runs: Dagster
asks for no password. Not here: the webserver of the chart, behind an Ingress (`helm`), the other processes
(`migraine_assets.cli.commands.ui`).
"""

from dagster_webserver import app, cli
from dagster_webserver.webserver import DagsterWebserver
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

HOSTS = ["127.0.0.1", "localhost"]


class LoopbackWebserver(DagsterWebserver):  # type: ignore[type-arg]
    """The webserver without answers to requests for other hosts."""

    def build_middleware(self) -> list[Middleware]:
        """Check the host first."""
        return [Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS), *super().build_middleware()]


def main() -> None:
    """Run Dagster's own command with this webserver. The command has no option for it."""
    vars(app)["DagsterWebserver"] = LoopbackWebserver
    cli.main()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
