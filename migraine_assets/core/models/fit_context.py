"""Context managers around the training code of libraries: bounded threads, and collected warnings."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def bounded_threads(threads: int) -> Iterator[None]:
    """Limit BLAS and OpenMP to `threads` threads in this block."""
    import sklearn  # noqa: F401  # type: ignore[import-untyped]  # only loaded libraries can be limited
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

    with threadpool_limits(limits=threads):
        yield


@contextmanager
def collected_warnings(threads: int) -> Iterator[list[str]]:
    """Limit BLAS and OpenMP to `threads` threads in this block, and collect its warnings.

    The yielded list is filled at the end of the block with one line per distinct warning. Only user and runtime
    warnings are collected (non-convergence is one of them); others, such as deprecations, are handled as usual.
    """
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as caught, bounded_threads(threads):
        for kind in (UserWarning, RuntimeWarning):
            warnings.simplefilter("always", kind)
        yield notes
    notes.extend(dict.fromkeys(f"{entry.category.__name__}: {_first_line(entry)}" for entry in caught))


def _first_line(entry: warnings.WarningMessage) -> str:
    return str(entry.message).strip().splitlines()[0]
