"""`migraine features export`: the features for other tools.

Not here: the files (`stores.feast_repository`).
"""

from pathlib import Path
from typing import Annotated

import typer

from migraine_assets.cli.console import say, say_path
from migraine_assets.core.formatting import plural
from migraine_assets.errors import DataRefused, StoreError
from migraine_assets.settings import Settings
from migraine_assets.stores.store import Store

app = typer.Typer(help="The features that models are trained on.", no_args_is_help=True)


@app.callback()
def features() -> None:
    """The features that models are trained on."""


@app.command("export")
def export(
    feast: Annotated[Path, typer.Option(help="Folder of a Feast repository, which is written or brought up to date.")],
    redis: Annotated[
        str | None,
        typer.Option(help="Connection string of a Redis online store, such as localhost:6379. Default: a SQLite file."),
    ] = None,
) -> None:
    """Write the features of the newest delivery as a Feast repository."""
    from migraine_assets.defs.refs import current
    from migraine_assets.stores.assets.frames import frame_parts
    from migraine_assets.stores.feast_repository import write_repository

    store = Store(Settings().store_location)
    value = current(store, "features")
    if value is None:
        raise DataRefused("There are no features yet. Run `migraine run`.")
    if not value.delivery.dated:
        raise DataRefused("The newest delivery has no dates, and features of a feature store have a time.")
    by_name = {feature.name: feature for feature in value.recipe.features}
    chosen = [by_name[name] for name in value.names]
    parts = frame_parts(store, value.frame, ("participant_id", "date", *value.names))
    try:
        written = write_repository(feast, parts, chosen, version=value.frame.version, redis=redis)
    except OSError as error:
        raise StoreError(f"'{feast}' cannot be written: {error.strerror or error}.") from error
    say(f"{plural(written.features, 'feature')} of {plural(written.rows, 'day')}, the newest known from "
        f"{written.newest:%Y-%m-%d %H:%M} UTC on.")  # fmt: skip
    say_path("Written to ", feast.resolve())
    times = (f"{moment:%Y-%m-%dT%H:%M:%S}" for moment in (written.oldest_online, written.newest))
    say(f"Next, in this folder: feast apply && feast materialize {' '.join(times)}")
