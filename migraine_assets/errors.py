"""The errors that are shown to the user, each with its exit code and HTTP status.

Their messages say what is wrong, where, and what to do. Not here: bugs, which raise ordinary Python exceptions and are
never converted to one of these.
"""


class MigraineError(Exception):
    """Base of the errors that are shown as a message, without a traceback."""

    exit_code = 1
    http_status = 500


class ConfigurationError(MigraineError):
    """A setting, parameter, mapping or command line is invalid."""

    exit_code = 2
    http_status = 400


class DataRefused(MigraineError):
    """The content of a diary, delivery or request cannot be accepted."""

    exit_code = 3
    http_status = 422


class NoModelMetTheBar(MigraineError):
    """Training finished, but no model of a task was good enough to be promoted."""

    exit_code = 4
    http_status = 503


class StoreError(MigraineError):
    """The store cannot be read or written, for example because the disk is full or a file is damaged."""

    exit_code = 1
    http_status = 503


class ErasureIncomplete(StoreError):
    """A participant was erased, except from files that could not be read."""

    exit_code = 5


class FileMissing(StoreError):
    """The store has no file of this name."""


class BundleRefused(StoreError):
    """A model bundle is incomplete or altered, has an unknown format, or differs from its pipeline."""
