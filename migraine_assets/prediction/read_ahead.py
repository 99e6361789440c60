"""Stages of work that run at the same time: the next item is made in a thread while the current one is used.

Decoding Parquet, large NumPy operations and ONNX Runtime release the GIL, so two stages use two cores. Not here: the
stages themselves.
"""

from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
_END: Any = object()


def read_ahead(items: Iterable[T]) -> Generator[T, None, None]:
    """Yield `items` in order, and make the next one in a thread in the meantime.

    At most two items exist at a time. An exception of `items` is raised where its item would be.
    """
    source = iter(items)
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as thread:
        following = thread.submit(next, source, _END)
        while (item := following.result()) is not _END:
            following = thread.submit(next, source, _END)
            yield item
