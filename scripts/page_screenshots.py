"""Take the screenshots of the page for people, with its sample diary: `python scripts/page_screenshots.py ADDRESS`."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

IMAGES = Path(__file__).parents[1] / "docs" / "images"
SHOTS = {
    "page": {"viewport": {"width": 1120, "height": 800}, "color_scheme": "light"},
    "page-phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
    "page-phone-dark": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
}


def take(browser: Browser, address: str, name: str) -> Path:
    """Write the screenshot `name` and return its path."""
    context = browser.new_context(locale="en-GB", **SHOTS[name])  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(address)
    page.click("#start_sample")
    page.wait_for_selector("#headline")
    page.evaluate("scrollTo(0, 0)")
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path, animations="disabled")
    context.close()
    return path


def main() -> None:
    """Take all of them."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name in SHOTS:
            print(take(browser, sys.argv[1], name).relative_to(IMAGES.parents[1]))
        browser.close()


if __name__ == "__main__":
    main()
