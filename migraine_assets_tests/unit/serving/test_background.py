"""Repeated background work survives its errors."""

import logging
import threading

import pytest

from serving.background import attempt, repeat


def test_an_error_is_logged_and_passed_on(caplog: pytest.LogCaptureFixture) -> None:
    errors: list[Exception] = []

    def fail() -> None:
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR):
        assert not attempt("models", fail, on_error=errors.append)
    assert isinstance(errors[0], ZeroDivisionError)
    assert caplog.records[0].exc_info is not None
    assert attempt("models", lambda: None)


def test_the_thread_goes_on_after_an_error_and_ends_on_demand() -> None:
    stop, rounds, third = threading.Event(), [], threading.Event()

    def work() -> None:
        rounds.append(1)
        if len(rounds) == 3:
            third.set()
        raise ValueError

    thread = repeat("work", work, interval=0.001, stop=stop)
    assert third.wait(10)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
