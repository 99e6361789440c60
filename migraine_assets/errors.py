"""The one error tree: what a user can get wrong, with its exit code and HTTP status.

Here belong exceptions that carry a sentence for a person (what is wrong, where, what to do). A bug in
our own code raises an ordinary Python exception and is never turned into one of these.
"""


class MigraineError(Exception):
    """Base of every error that is explained to the user instead of shown as a traceback."""

    exit_code = 1
    http_status = 500


class ConfigurationError(MigraineError):
    """A setting, parameter, mapping or command line that cannot be used."""

    exit_code = 2
    http_status = 400


class DataRefused(MigraineError):
    """A diary, delivery or request whose content cannot be accepted."""

    exit_code = 3
    http_status = 422


class NoModelMetTheBar(MigraineError):
    """Training finished, and no model of a task was good enough to be promoted."""

    exit_code = 4
    http_status = 503


class StoreError(MigraineError):
    """The store cannot be read or written: a full disk, a missing or damaged file."""

    exit_code = 1
    http_status = 503


class BundleRefused(StoreError):
    """A model bundle that is incomplete, altered, of an unknown format, or disagrees with its pipeline."""
