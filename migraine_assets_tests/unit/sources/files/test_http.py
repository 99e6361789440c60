"""HTTP sources on a local server that responds like a hostile one."""

import ipaddress
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.sources.files.fetch import fetch, read_text
from migraine_assets.sources.files.http import _refuse_private
from migraine_assets.sources.files.limits import MIB, SourceLimits
from migraine_assets_tests.unit.sources.diaries import SMALL

ALLOWED = SourceLimits(private_addresses=True, mib=1, seconds=20)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def do_HEAD(self) -> None:
        self._start()

    def do_GET(self) -> None:
        self._start()
        try:
            if self.path == "/diary.csv":
                self.wfile.write(SMALL.encode())
            elif self.path == "/endless.csv":
                while True:
                    self.wfile.write(b"1,2,3\n" * 10_000)
            elif self.path == "/endless-listing/":
                while True:
                    self.wfile.write(b"<a href='x.csv'>x</a>" * 1000)
            elif self.path == "/slow.csv":
                time.sleep(3)
        except OSError:
            return

    def _start(self) -> None:
        moved = self.path == "/moved.csv"
        self.send_response(302 if moved else 200)
        self.send_header("Content-Type", "text/html" if self.path.endswith("/") else "text/csv")
        if moved:
            self.send_header("Location", "/diary.csv")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


def test_a_file_is_read(server: str) -> None:
    assert fetch(f"{server}/diary.csv", limits=ALLOWED).files[0].content == SMALL.encode()


def test_an_address_of_this_machine_is_refused_unless_allowed(server: str) -> None:
    with pytest.raises(ConfigurationError, match=r"127\.0\.0\.1, an address of a private network.*private_addresses"):
        fetch(f"{server}/diary.csv")
    with pytest.raises(ConfigurationError, match="private network"):
        fetch(f"{server.replace('127.0.0.1', 'localhost')}/diary.csv")
    with pytest.raises(ConfigurationError, match="private network"):
        read_text(f"{server}/mapping.yaml")


@pytest.mark.parametrize("host", [
    "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "127.0.0.1", "0.0.0.0", "100.64.0.1", "224.0.0.1",
    "::1", "::", "fe80::1%eth0", "fc00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::",
])  # fmt: skip
def test_every_kind_of_private_address_is_refused(host: str) -> None:
    with pytest.raises(ConfigurationError, match="private network"):
        _refuse_private("http://x", host)


@pytest.mark.parametrize("host", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"])
def test_a_public_address_is_allowed(host: str) -> None:
    assert ipaddress.ip_address(host)
    _refuse_private("http://x", host)


def test_a_redirect_is_refused_with_its_target_unless_allowed(server: str) -> None:
    with pytest.raises(ConfigurationError, match=r"redirects to '/diary.csv', and redirects are not followed"):
        fetch(f"{server}/moved.csv", limits=ALLOWED)
    followed = SourceLimits(private_addresses=True, redirects=True)
    assert fetch(f"{server}/moved.csv", limits=followed).files[0].content == SMALL.encode()


def test_an_endless_body_ends_at_the_limit(server: str) -> None:
    with pytest.raises(DataRefused, match="contains more than 1 MiB"):
        fetch(f"{server}/endless.csv", limits=ALLOWED)


def test_an_endless_listing_ends_at_its_limit(server: str) -> None:
    with pytest.raises(DataRefused, match="a page of more than 4 MiB"):
        fetch(f"{server}/endless-listing/", limits=ALLOWED)


def test_a_server_that_does_not_answer_is_given_up(server: str) -> None:
    with pytest.raises(DataRefused, match="cannot be read"):
        fetch(f"{server}/slow.csv", limits=SourceLimits(private_addresses=True, seconds=1))


def test_http_inside_another_protocol_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="combines HTTP with another protocol"):
        fetch(f"zip://diary.csv::http://127.0.0.1:{MIB}/a.zip")
