"""The node's `/metrics` on a port of its own, so that each of several nodes behind one address can be scraped.

All replicas of a node know all its counts, so any of them may serve the port: the first one that binds it does, and
another one takes over when that one ends. Not here: the metrics (`serving.metrics.registry`) and `/metrics` of the
main port (`serving.app`).
"""

import threading

from prometheus_client import start_http_server

from serving.metrics.registry import Metrics

RETRY_SECONDS = 1.0


class SidePort:
    """A thread that serves the port, or waits until it is free, until `close`."""

    def __init__(self, metrics: Metrics, *, host: str, port: int) -> None:
        self._metrics, self._host, self._port = metrics, host, port
        self._closing, self._serving = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="side-port", daemon=True)
        self._thread.start()

    @property
    def serving(self) -> bool:
        """Whether this replica serves the port."""
        return self._serving.is_set()

    def close(self) -> None:
        """Release the port."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                server, thread = start_http_server(self._port, self._host, self._metrics.registry)
            except OSError:  # another replica has it
                self._closing.wait(RETRY_SECONDS)
                continue
            self._serving.set()
            self._closing.wait()
            server.shutdown()
            server.server_close()
            thread.join()
        self._serving.clear()
