"""The next item is made while the current one is used, in order, and an error arrives where its item would be."""

import threading
from collections.abc import Iterator

import pytest

from migraine_assets.prediction.read_ahead import read_ahead


def test_the_next_item_is_made_while_one_is_used() -> None:
    second_made = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        second_made.set()
        yield 2

    ahead = read_ahead(items())
    assert next(ahead) == 1
    assert second_made.wait(5)
    assert list(ahead) == [2]


def test_at_most_one_item_is_made_ahead() -> None:
    made = []

    def items() -> Iterator[int]:
        for k in range(5):
            made.append(k)
            yield k

    for k in read_ahead(items()):
        assert made[-1] <= k + 1
    assert made == [0, 1, 2, 3, 4]


def test_an_error_is_raised_at_its_place_and_nothing_after_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    ahead = read_ahead(items())
    assert next(ahead) == 1
    with pytest.raises(ValueError, match="broken"):
        next(ahead)


def test_a_caller_that_stops_leaves_no_thread() -> None:
    before = threading.active_count()
    ahead = read_ahead(iter(range(10)))
    assert next(ahead) == 0
    ahead.close()
    assert threading.active_count() == before
