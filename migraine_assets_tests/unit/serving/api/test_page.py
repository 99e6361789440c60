import gzip
import json
import re
from pathlib import Path

import pytest

from migraine_assets.stores.store import Store
from migraine_assets_tests.unit.serving.trained import running
from serving.api.page import pages
from serving.settings import ServingSettings

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
FOLDER = Path(__file__).parents[4] / "serving" / "page"


def test_a_browser_gets_the_page_at_the_root_and_a_program_json(tmp_path: Path) -> None:
    with running(Store(str(tmp_path / "store")), tmp_path) as (client, _):
        page, index = client.get("/", headers=BROWSER), client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert index.json()["endpoints"]
    assert "accept" in page.headers["vary"]
    assert "accept" in index.headers["vary"]


def test_every_file_that_a_page_names_is_served(tmp_path: Path) -> None:
    with running(Store(str(tmp_path / "store")), tmp_path) as (client, _):
        for page in ("index.html", "staff.html", "docs.html"):
            named = re.findall(r'(?:src|href)="([^"#]+)"', (FOLDER / page).read_text())
            assert [client.get(f"/{name}").status_code for name in named] == [200] * len(named), page
        for module in FOLDER.glob("*.js"):
            imported = re.findall(r'from "\./([^"]+)"', module.read_text())
            assert [client.get(f"/page/{name}").status_code for name in imported] == [200] * len(imported), module.name


def test_every_page_has_its_file(tmp_path: Path) -> None:
    with running(Store(str(tmp_path / "store")), tmp_path) as (client, _):
        answers = {path: client.get(path, headers=BROWSER).status_code for path in pages(ServingSettings())}
    assert answers == dict.fromkeys(answers, 200)


def test_files_are_compressed_and_revalidated(tmp_path: Path) -> None:
    plain = (FOLDER / "app.js").read_bytes()
    with running(Store(str(tmp_path / "store")), tmp_path) as (client, _):
        sent = client.get("/page/app.js", headers={"accept-encoding": "identity"})
        with client.stream("GET", "/page/app.js", headers={"accept-encoding": "gzip"}) as stream:
            compressed, etag = b"".join(stream.iter_raw()), stream.headers["etag"]
        same = [client.get("/page/app.js", headers={"if-none-match": tag}) for tag in (sent.headers["etag"], etag)]
        other = client.get("/page/app.js", headers={"if-none-match": '"another"'})
        head = client.head("/page/app.js", headers={"accept-encoding": "identity"})
    assert sent.content == gzip.decompress(compressed) == other.content == plain
    assert sent.headers["cache-control"] == "no-cache"
    assert [(response.status_code, response.content) for response in same] == [(304, b"")] * 2
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(plain)), b"")


def test_pages_need_no_key_and_are_not_limited_but_what_they_show_is(tmp_path: Path) -> None:
    strict = {"api_keys_required": True, "rate_limit": 0.001, "rate_burst": 1}
    with running(Store(str(tmp_path / "store")), tmp_path, **strict) as (client, _):
        shown = [client.get(path, headers=BROWSER) for path in ("/", "/docs", "/page/app.js", "/sw.js") * 2]
        data = [client.get(path) for path in ("/", "/contract", "/openapi.json", "/page/nothing.js")]
    assert {response.status_code for response in shown} == {200}
    assert {response.status_code for response in data} == {401}


def test_a_page_loads_from_its_service_alone(tmp_path: Path) -> None:
    with running(Store(str(tmp_path / "store")), tmp_path) as (client, _):
        for path in ("/", "/docs", "/page/app.js"):
            policy = client.get(path, headers=BROWSER).headers["content-security-policy"]
            assert "default-src 'self'" in policy
            assert "unsafe" not in policy
            assert "://" not in policy
        assert client.post("/docs").status_code == client.delete("/page/app.js").status_code == 405
        assert client.get("/page/../app.py").status_code == client.get("/page/%2e%2e/app.py").status_code == 404


@pytest.mark.parametrize(
    ("changes", "present", "absent"),
    [
        ({"page": False}, "/docs", "/sw.js"),
        ({"docs": False}, "/sw.js", "/docs"),
        ({"page": False, "docs": False}, None, "/page/page.css"),
    ],
)
def test_pages_can_be_switched_off(changes: dict[str, bool], present: str | None, absent: str) -> None:
    addresses = pages(ServingSettings(**changes))
    assert absent not in addresses
    assert present is None or present in addresses


def test_the_service_worker_keeps_every_file_of_the_page() -> None:
    cached = set(re.findall(r'^  "page/([^"]+)"', (FOLDER / "sw.js").read_text(), re.M))
    others = {"sw.js", "index.html", "staff.html", "staff.js", "people.js", "docs.html", "docs.js", "docs.css"}
    assert cached == {path.name for path in FOLDER.iterdir() if path.is_file()} - others


def test_every_text_is_there_in_every_language() -> None:
    rows = re.findall(r"^  (\w+): \[(.*?)\],$", (FOLDER / "strings.js").read_text(), re.M | re.S)
    assert len(rows) > 100
    for name, row in rows:
        texts = json.loads(f"[{row.rstrip().rstrip(',')}]")
        assert len(texts) == 4, name
        assert all(texts), name
        assert len({frozenset(re.findall(r"\{(\w+)\}", text)) for text in texts}) == 1, name


def test_every_text_that_a_module_asks_for_exists() -> None:
    known = set(re.findall(r"^  (\w+): \[", (FOLDER / "strings.js").read_text(), re.M))
    for path in (*FOLDER.glob("*.js"), *FOLDER.glob("*.html")):
        matches = re.findall(r'\bt\("(\w+)"|data-text="(\w+)"', path.read_text())
        assert {name for pair in matches for name in pair if name} <= known, path.name
