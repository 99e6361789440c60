"""A web server for the reports on loopback, because browsers refuse links from HTTP to files on disk.

`migraine ui` runs it. Not here: the content of the reports (`report.page`, `report.monitoring_page`).
"""

from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from migraine_assets.report.page import site_page
from migraine_assets.settings import Settings

# A page of another site must not read the reports under a host name that resolves to this machine.
HOSTS = ["127.0.0.1", "localhost"]


def app() -> Starlette:
    """Return the application that serves the reports of `MIGRAINE_HOME`, for `uvicorn --factory`."""
    return site(Settings().reports)


def site(reports: Path) -> Starlette:
    """Return an application that serves the finished files in `reports`, and a list of the reports at `/`."""

    def index(_: Request) -> HTMLResponse:
        return HTMLResponse(site_page(*contents(reports)))

    files = _Reports(directory=reports, html=True, check_dir=False)
    middleware = [Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)]
    return Starlette(routes=[Route("/", index), Mount("/", files)], middleware=middleware)


def contents(reports: Path) -> tuple[list[str], list[str]]:
    """Return the names of the runs that have reports, and the days that have a monitoring page, newest first."""
    runs = [path.parent.name for path in reports.glob("[0-9]*/index.html")]
    days = [path.stem for path in (reports / "monitoring").glob("[0-9]*.html")]
    return sorted(runs, reverse=True), sorted(days, reverse=True)


class _Reports(StaticFiles):
    """Static files without hidden ones, such as locks and reports that are being written."""

    async def check_config(self) -> None:
        """Accept a home without reports. Starlette would return errors until the first report is written."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        hidden = any(part.startswith(".") for part in Path(path).parts)
        response = await super().get_response("\0" if hidden else path, scope)
        # A report is replaced under the same name.
        response.headers["cache-control"] = "no-cache"
        return response
