"""`migraine mapping`: drafts of mapping files.

Not here: the content of a draft (`sources.mapping_draft`).
"""

from pathlib import Path
from typing import Annotated

import typer

from migraine_assets.cli.console import say
from migraine_assets.errors import ConfigurationError
from migraine_assets.settings import Settings

app = typer.Typer(help="Mappings of columns to diary fields.", no_args_is_help=True)


@app.callback()
def mapping() -> None:
    """Mappings of columns to diary fields."""


@app.command("init")
def init(
    file: Annotated[str, typer.Argument(help="File, folder, glob or URL of a diary.")],
    output: Annotated[Path | None, typer.Option(help="File to write; it must not exist. Default: print.")] = None,
) -> None:
    """Write a commented draft mapping for the columns of a diary."""
    from migraine_assets.params import load_params
    from migraine_assets.sources.mapping_draft import draft_mapping

    text = draft_mapping(file, limits=load_params(Settings().params).sources)
    if output is None:
        # Not through the console, which would wrap it.
        typer.echo(text, nl=False)
        return
    try:
        with output.open("x", encoding="utf-8") as target:
            target.write(text)
    except FileExistsError as error:
        raise ConfigurationError(f"{output} exists. Name another file, or remove it.") from error
    except OSError as error:
        raise ConfigurationError(f"{output} cannot be written: {error.strerror}.") from error
    say(f"Wrote {output}. Check it, then run: migraine validate {file} --mapping {output}")
