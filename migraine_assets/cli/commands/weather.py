"""`migraine weather`: fetch the weather of a place as a file that is joined to a diary.

Not here: the request (`sources.weather`), the join (`sources.joins`).
"""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from migraine_assets.cli.console import say
from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.settings import Settings
from migraine_assets.sources.weather import ARCHIVE

_FILE = "open-meteo.json"


def weather(
    place: Annotated[str, typer.Option(help="Latitude and longitude in degrees: 47.4,8.5.")],
    diary: Annotated[
        str | None, typer.Option(help="Diary whose period is fetched. It is read here and never sent.")
    ] = None,
    first: Annotated[str | None, typer.Option(help="First day, instead of that of the diary.")] = None,
    last: Annotated[str | None, typer.Option(help="Last day, instead of that of the diary.")] = None,
    mapping: Annotated[str | None, typer.Option(help="Mapping of the diary.")] = None,
    output: Annotated[
        Path | None, typer.Option(help=f"File to write; it must not exist. Default: {_FILE} beside the diary.")
    ] = None,
    url: Annotated[str, typer.Option(help="Address of Open-Meteo's archive.")] = ARCHIVE,
) -> None:
    """Fetch the weather of a place from Open-Meteo. The place, rounded to 0.1 degrees, and the period are sent."""
    from migraine_assets.sources.weather import WeatherRequest, fetch_weather

    latitude, longitude = _place(place)
    begin, end = _day(first, "--first"), _day(last, "--last")
    if begin is None or end is None:
        ends = _period(diary, mapping)
        begin, end = begin or ends[0], end or ends[1]
    request = WeatherRequest(latitude, longitude, begin, end)
    target = _target(output, diary)
    what = ", ".join(f"{name}={value}" for name, value in request.sent.items())
    say(f"Sent to {url}: {what}. Nothing else leaves this machine.")
    _write(target, fetch_weather(request, url=url))
    say(f"Wrote {target}. It is joined to the diary that lies in the same folder or archive.")


def _place(text: str) -> tuple[float, float]:
    try:
        latitude, longitude = (float(part) for part in text.split(","))
    except ValueError:
        raise ConfigurationError(f"--place is '{text}'. Write latitude and longitude in degrees: 47.4,8.5.") from None
    return latitude, longitude


def _day(text: str | None, option: str) -> dt.date | None:
    try:
        return None if text is None else dt.date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{option} is '{text}'. Write a day such as 2024-01-31.") from None


def _period(diary: str | None, mapping: str | None) -> tuple[dt.date, dt.date]:
    from migraine_assets.params import load_params
    from migraine_assets.sources.registry import read_source

    if diary is None:
        raise ConfigurationError("State the period: --first and --last, or --diary FILE for that of a diary.")
    settings = Settings()
    params = load_params(settings.params)
    delivery = read_source(
        diary,
        mapping=mapping,
        options={},
        landing=settings.landing,
        limits=params.sources,
        contract=params.diary_contract(),
    )
    days = delivery.frame["date"].dropna()
    if days.empty:
        raise DataRefused(f"{diary} has no dates. State --first and --last.")
    return days.min().date(), days.max().date()


def _target(output: Path | None, diary: str | None) -> Path:
    beside = Path(diary) if diary else Path()
    target = output or (beside if beside.is_dir() else beside.parent) / _FILE
    # Before anything is sent.
    if target.exists():
        raise ConfigurationError(f"{target} exists. Name another file with --output, or remove it.")
    if not target.parent.is_dir():
        raise ConfigurationError(f"There is no folder {target.parent}. Name a file with --output.")
    return target


def _write(target: Path, content: bytes) -> None:
    part = target.with_name(f".{target.name}.part")
    try:
        part.write_bytes(content)
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ConfigurationError(f"{target} cannot be written: {error.strerror}.") from error
