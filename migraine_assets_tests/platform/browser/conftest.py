"""A real Chromium, and pages of a real service on loopback. Without Chromium the tests are skipped."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from migraine_assets_tests.unit.serving.trained import fresh_store, running

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# No name but that of the service resolves: whatever else a page asks for fails, as without internet.
OPTIONS = ("--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
PATIENCE_MS = 20_000

Open = Callable[..., Page]


# While Playwright runs, its event loop does, and code of later tests could start no other. So it ends with the module.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed. On Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(OPTIONS))
        yield started
        started.close()


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a service with real models and without API keys."""
    folder = tmp_path_factory.mktemp("service")
    with running(fresh_store(folder), folder) as (client, _):
        yield str(client.base_url)


@pytest.fixture
def open_page(browser: Browser, service: str) -> Iterator[Open]:
    """A function that opens an address of the service as on a phone. A script error or a blocked resource fails the
    test.
    """
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def opened(path: str = "/", *, base: str = service, **options: Any) -> Page:
        phone = {"viewport": {"width": 390, "height": 844}, "locale": "en-GB", "has_touch": True}
        context = browser.new_context(**phone | options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.extend(_errors(message)))
        page.goto(base + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []


def _errors(message: ConsoleMessage) -> list[str]:
    # That the service refuses or cannot be reached is what some tests are about.
    return [message.text] if message.type == "error" and not message.text.startswith("Failed to load resource") else []


def days_of(page: Page) -> dict[str, dict[str, Any]]:
    """Return the days that the page has stored in IndexedDB."""
    return page.evaluate(
        """() => new Promise((resolve) => {
            const opening = indexedDB.open("migraine-diary");
            opening.onsuccess = () => {
                const reading = opening.result.transaction("days").objectStore("days").getAll();
                reading.onsuccess = () => {
                    opening.result.close();
                    resolve(Object.fromEntries(reading.result.map(({ day, values }) => [day, values])));
                };
            };
        })"""
    )


def write(folder: Path, name: str, text: str) -> Path:
    """Write a file for the page to import."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
