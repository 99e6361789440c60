"""The reports over HTTP: finished files only, and for this machine only."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from migraine_assets.report.site import site
from migraine_assets_tests.unit.report.markup import parse


@dataclass(frozen=True)
class Browser:
    """A browser on this machine that requests pages of a folder."""

    reports: Path

    def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        return asyncio.run(self._get(path, headers))

    async def _get(self, path: str, headers: dict[str, str] | None) -> httpx.Response:
        transport = httpx.ASGITransport(app=site(self.reports))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:3002") as client:
            return await client.get(path, headers=headers)


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    for name in ("2024-01-01-aaaa", "2024-02-01-bbbb", ".building-1"):
        (tmp_path / "reports" / name).mkdir(parents=True)
        (tmp_path / "reports" / name / "index.html").write_text(f"report {name}")
    (tmp_path / "reports" / "latest").symlink_to("2024-02-01-bbbb")
    (tmp_path / "reports" / "monitoring").mkdir()
    (tmp_path / "reports" / "monitoring" / "2024-02-03.html").write_text("monitoring")
    (tmp_path / "reports" / "monitoring" / "latest.html").write_text("monitoring")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "reports" / "outside.txt").symlink_to(tmp_path / "secret.txt")
    return tmp_path / "reports"


@pytest.fixture
def client(reports: Path) -> Browser:
    return Browser(reports)


def test_the_first_page_leads_to_every_report_newest_first(client: Browser) -> None:
    page = parse(client.get("/").content)
    links = [link for link in page.attributes("href") if not link.startswith("#")]
    assert links == ["2024-02-01-bbbb/", "2024-01-01-aaaa/", "monitoring/2024-02-03.html"]
    assert all(client.get(f"/{link}").status_code == 200 for link in links)


def test_a_report_is_served_by_its_name_and_as_the_latest(client: Browser) -> None:
    for path in ("/2024-02-01-bbbb/", "/latest/", "/latest/index.html"):
        answer = client.get(path)
        assert (answer.status_code, answer.text) == (200, "report 2024-02-01-bbbb")
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/.building-1/index.html", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/outside.txt", "/missing.html"]
)
def test_nothing_unfinished_and_nothing_outside_the_folder_is_served(client: Browser, path: str) -> None:
    assert client.get(path).status_code == 404


def test_another_host_name_is_refused(client: Browser) -> None:
    assert client.get("/", headers={"host": "attacker.example"}).status_code == 400


def test_without_reports_the_first_page_says_how_to_make_one(tmp_path: Path) -> None:
    empty = Browser(tmp_path / "none")
    assert "migraine run" in empty.get("/").text
    assert empty.get("/latest/").status_code == 404
