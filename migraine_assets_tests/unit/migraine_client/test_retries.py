"""Repeated requests, against a server on loopback that first fails."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import httpx
import pytest

from migraine_client import AsyncClient, Client, Problem, Retries, Unreachable

READY = b'{"version": 3, "tasks": {}, "problems": []}'
BUSY = b'{"type": "urn:migraine:problem:overloaded", "title": "Busy", "status": 503, "detail": "Later."}'
GONE = b'{"type": "urn:migraine:problem:unknown-diary", "title": "Gone", "status": 404, "detail": "None."}'
FAST = Retries(first_seconds=0.01)


class Reply(NamedTuple):
    """An answer of the server. Status 0 closes the connection without an answer."""

    status: int
    body: bytes = BUSY
    retry_after: str | None = None


@contextmanager
def answering(replies: Sequence[Reply]) -> Iterator[tuple[str, list[str]]]:
    """Run a server that gives `replies` in order, and the last one again; yields its address and what it received."""
    received: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            received.append(f"{self.command} {self.path}")
            reply = replies[min(len(received), len(replies)) - 1]
            if not reply.status:
                self.close_connection = True
                return
            self.send_response(reply.status)
            if reply.retry_after is not None:
                self.send_header("Retry-After", reply.retry_after)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = do_POST = do_PUT = do_DELETE = _reply

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", received
        finally:
            server.shutdown()
            thread.join()


def models(url: str, retries: Retries) -> int:
    with Client(url, retries=retries) as client:
        return client.models().version


def models_asynchronously(url: str, retries: Retries) -> int:
    async def ask() -> int:
        async with AsyncClient(url, retries=retries) as client:
            return (await client.models()).version

    return asyncio.run(ask())


BOTH = pytest.mark.parametrize("ask", [models, models_asynchronously], ids=["sync", "async"])


@BOTH
@pytest.mark.parametrize("first", [Reply(503), Reply(429, retry_after="0"), Reply(502, b"<html>"), Reply(0)])
def test_a_request_that_failed_is_repeated(ask: Callable[[str, Retries], int], first: Reply) -> None:
    with answering([first, Reply(200, READY)]) as (url, received):
        assert ask(url, FAST) == 3
    assert received == ["GET /models"] * 2


@BOTH
def test_retry_after_is_waited_for(ask: Callable[[str, Retries], int]) -> None:
    with answering([Reply(503, retry_after="1"), Reply(200, READY)]) as (url, _):
        started = time.monotonic()
        assert ask(url, FAST) == 3
        assert time.monotonic() - started >= 1


@BOTH
def test_the_last_problem_is_raised(ask: Callable[[str, Retries], int]) -> None:
    with answering([Reply(503)]) as (url, received), pytest.raises(Problem, match="Later") as caught:
        ask(url, FAST)
    assert caught.value.name == "overloaded"
    assert len(received) == FAST.attempts


@BOTH
def test_no_answer_at_all_is_unreachable(ask: Callable[[str, Retries], int]) -> None:
    with answering([Reply(0)]) as (url, received), pytest.raises(Unreachable, match="GET /models") as caught:
        ask(url, FAST)
    assert isinstance(caught.value.__cause__, httpx.RequestError)
    assert len(received) == FAST.attempts


def test_an_unreadable_answer_is_unreachable() -> None:
    with answering([Reply(200, b"<html>")]) as (url, _), pytest.raises(Unreachable, match="address of the service"):
        models(url, FAST)


def test_a_long_retry_after_is_not_waited_for() -> None:
    with answering([Reply(429, retry_after="600")]) as (url, received), pytest.raises(Problem):
        models(url, FAST)
    assert len(received) == 1


def test_only_calls_that_may_be_repeated_are() -> None:
    with answering([Reply(503)]) as (url, received), Client(url, retries=FAST) as client:
        for call in (lambda: client.feedback("p", migraine_occurrence=True), client.ready):
            with pytest.raises(Problem):
                call()
        assert received == ["POST /feedback", "GET /ready"]
        with pytest.raises(Problem):
            client.predict([])
        assert received[2:] == ["POST /predict"] * FAST.attempts


def test_a_refused_request_is_not_repeated() -> None:
    with (
        answering([Reply(404, GONE)]) as (url, received),
        Client(url, retries=FAST) as client,
        pytest.raises(Problem, match="Gone"),
    ):
        client.delete_diary("P-1")
    assert received == ["DELETE /diaries/P-1"]


def test_a_deletion_whose_answer_was_lost_succeeds() -> None:
    with answering([Reply(0), Reply(404, GONE)]) as (url, received), Client(url, retries=FAST) as client:
        client.delete_day("P-1", "2025-03-08")
    assert received == ["DELETE /diaries/P-1/days/2025-03-08"] * 2


def test_the_pause_doubles_up_to_its_limit() -> None:
    retries = Retries(attempts=9, first_seconds=1, most_seconds=4)
    longest = [max(retries.pause(attempt, None) or 0 for _ in range(300)) for attempt in range(1, 5)]
    assert [round(seconds) for seconds in longest] == [1, 2, 4, 4]
    assert retries.pause(9, None) is None


def test_impossible_retries_are_refused() -> None:
    with pytest.raises(ValueError, match="attempts"):
        Retries(attempts=0)
