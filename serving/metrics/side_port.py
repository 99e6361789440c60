"""The node's own `/metrics`, on a port of its own: for several nodes behind one address, each to be scraped by itself.

All replicas of a node know all its counts, so any of them may answer. Whoever gets the port does; when it dies, the
next one gets it. Not here: the metrics (`serving.metrics.registry`), and `/metrics` of the main port (`serving.app`).
"""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from serving.metrics.registry import CONTENT_TYPE, Metrics

RETRY_SECONDS = 1.0


class Exporter:
    """A thread that has the port or waits for it, until `close`."""

    def __init__(self, metrics: Metrics, *, host: str, port: int) -> None:
        self._metrics, self._address = metrics, (host, port)
        self._stop = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="exporter", daemon=True)
        self._thread.start()

    @property
    def serving(self) -> bool:
        """Whether this one has the port."""
        return self._server is not None

    def close(self) -> None:
        """Give the port up."""
        self._stop.set()
        with self._lock:
            if self._server is not None:
                self._server.shutdown()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            if server := self._bound():
                with server:
                    server.serve_forever(poll_interval=0.1)
            self._stop.wait(RETRY_SECONDS)
        self._server = None

    def _bound(self) -> ThreadingHTTPServer | None:
        with self._lock:
            if self._stop.is_set():
                return None
            try:
                self._server = ThreadingHTTPServer(self._address, _handler(self._metrics))
            except OSError:
                return None
            return self._server


def _handler(metrics: Metrics) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path.partition("?")[0] == "/metrics"
            content = metrics.render() if found else b""
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", CONTENT_TYPE)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Scrapes are no news."""

    return Handler
