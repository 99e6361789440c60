"""`migraine sheet`: one page about one participant, as HTML or PDF.

Not here: the sheet (`migraine_assets.sheet`), reading a diary (`cli.forecast_diary`).
"""

import difflib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from migraine_assets.cli.console import say, say_path
from migraine_assets.core.formatting import plural
from migraine_assets.errors import ConfigurationError, DataRefused, StoreError
from migraine_assets.settings import Settings
from migraine_assets.sheet.period import DAYS, LEAST_DAYS, MOST_DAYS
from migraine_assets.stores.store import Store


def sheet(
    participant: Annotated[str, typer.Argument(help="Participant: the participant_id of the diary.")],
    source: Annotated[
        str | None,
        typer.Argument(help="File, folder, glob or URL of a diary. Default: the newest accepted delivery."),
    ] = None,
    to: Annotated[
        Path | None, typer.Option(help="File to write, .html or .pdf. Default: sheet_PARTICIPANT.html in this folder.")
    ] = None,
    days: Annotated[
        int, typer.Option(min=LEAST_DAYS, max=MOST_DAYS, help="Days of the period, up to the last entry.")
    ] = DAYS,
    mapping: Annotated[
        str | None, typer.Option(help="YAML file that maps the columns of the source to diary fields.")
    ] = None,
) -> None:
    """Write one page about one participant for a conversation with a doctor."""
    from migraine_assets.sheet.document import sheet_of

    path = to or Path(f"sheet_{re.sub(r'[^A-Za-z0-9._-]', '_', participant)}.html")
    _check_path(path)
    settings = Settings()
    models = _models(settings)
    described, diary = _diary(settings, models, participant, source, mapping=mapping)
    written = sheet_of(diary, models, participant=participant, source=described, days=days)
    _write(path, written.page)
    summary = written.summary
    say(f"{plural(summary.attacks, 'attack day')} on {plural(summary.known, 'known day')}.")
    say_path("Written to ", path.resolve())


def _check_path(path: Path) -> None:
    from migraine_assets.sheet.pdf import browser

    if path.suffix.lower() not in (".html", ".pdf"):
        raise ConfigurationError(f"A sheet is written to a file that ends in .html or .pdf, not '{path}'.")
    if path.suffix.lower() == ".pdf":
        browser()


def _models(settings: Settings) -> Any:
    """Return the promoted models; an empty set before the first promotion, because most of the sheet needs none."""
    from migraine_assets.prediction.model_set import ModelNotReady, ModelSet, promoted_models

    try:
        return promoted_models(Store(settings.store_location))
    except ModelNotReady:
        return ModelSet()


def _diary(
    settings: Settings, models: Any, participant: str, source: str | None, *, mapping: str | None
) -> tuple[str, Any]:
    """Return the description of the source, and the diary of `participant`."""
    from migraine_assets.cli.forecast_diary import diary_shards

    described, shards = diary_shards(settings, models, source, mapping=mapping)
    return described, _of_participant(shards, participant, _kept_id(settings, participant))


def _kept_id(settings: Settings, participant: str) -> str | None:
    """Return the id of `participant` among the diaries that the service keeps; None if it has kept none so far."""
    from migraine_assets.stores.pseudonyms import pseudonym
    from migraine_assets.stores.signing_secret import PATH, shared_secret

    store = Store(settings.store_location)
    # Without a secret, no diary was kept yet, and reading one must not create it.
    if not settings.signing_secret and not store.exists(PATH):
        return None
    return pseudonym(shared_secret(store, configured=settings.signing_secret), participant)


def _of_participant(shards: Iterator[Any], participant: str, kept: str | None) -> Any:
    """Return the days of `participant`, whose id in kept diaries begins with `kept`.

    Raises `ConfigurationError` for an unknown participant, without the names of others, and for one whose diary several
    API keys keep.
    """
    close, found = 0, {}
    for shard in shards:
        for code, name in enumerate(shard.names):
            if name == participant or (kept and name.partition("@")[0] == kept):
                found[name] = _part(shard, code)
        if not found:
            close += len(difflib.get_close_matches(participant, shard.names, max(1, len(shard.names)), 0.8))
    if len(found) > 1:
        raise ConfigurationError(
            f"Several API keys keep a diary of '{participant}'. Name one of them: {', '.join(sorted(found))}."
        )
    if not found:
        similar = f"{plural(close, 'similar id')} in it" if close else "No id in it is similar"
        raise ConfigurationError(f"The diary has no participant '{participant}'. {similar}. Check the spelling.")
    (diary,) = found.values()
    if not diary.dated:
        raise DataRefused("The diary has no dates, and a sheet shows days. Map the column of the date.")
    return diary


def _part(shard: Any, code: int) -> Any:
    """Return the rows of the participant `code` of `shard`, a `prediction.forecasts.Shard`, as a diary."""
    import numpy as np

    from migraine_assets.core.features.diary import Diary

    whole = shard.diary
    rows = np.flatnonzero(whole.participant == code)
    columns = {name: values[rows] for name, values in whole.columns.items()}
    return Diary(whole.participant[rows], whole.day[rows], whole.dated, columns)


def _write(path: Path, page: bytes) -> None:
    from migraine_assets.sheet.pdf import write_pdf
    from migraine_assets.stores.unfinished import unfinished_file

    try:
        if path.suffix.lower() == ".pdf":
            write_pdf(path, page)
            return
        with unfinished_file(path, page) as temporary:
            os.replace(temporary, path)
    except OSError as error:
        raise StoreError(f"'{path}' cannot be written: {error.strerror or error}. Nothing was changed.") from error
