"""Running a library's training: bounded threads, and its warnings kept instead of printed."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def bounded(threads: int) -> Iterator[None]:
    """Within: linear algebra and OpenMP use `threads` threads."""
    import sklearn  # noqa: F401  # type: ignore[import-untyped]  # only a library that is loaded can be limited
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

    with threadpool_limits(limits=threads):
        yield


@contextmanager
def quietly(threads: int) -> Iterator[list[str]]:
    """Within: linear algebra and OpenMP use `threads` threads. Afterwards the yielded list has a line for each warning.

    Only what libraries say of the data and of the fit is collected (user and runtime warnings, non-convergence
    among them); deprecations go the way of every other warning.
    """
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as caught, bounded(threads):
        for kind in (UserWarning, RuntimeWarning):
            warnings.simplefilter("always", kind)
        yield notes
    said = dict.fromkeys(f"{entry.category.__name__}: {_first_line(entry)}" for entry in caught)
    notes.extend(said)


def _first_line(entry: warnings.WarningMessage) -> str:
    return str(entry.message).strip().splitlines()[0]
