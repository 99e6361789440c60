"""`migraine validate`, `sources` and `data log`.

Not here: the checks and the read-back of `validate` (`cli.read_back`).
"""

from typing import Annotated

import typer

from migraine_assets.cli.console import AsJson, local_time, note, print_json, say, show
from migraine_assets.cli.documents.diaries import DataLogDocument, DiaryLine, FieldLine, SourceLine, SourcesDocument
from migraine_assets.errors import DataRefused
from migraine_assets.settings import Settings

app = typer.Typer(help="Accepted diaries.", no_args_is_help=True)

Mapping = Annotated[
    str | None,
    typer.Option(help="YAML file that maps the columns of the source to diary fields, or park2016 (included)."),
]


def validate(
    file: Annotated[str, typer.Argument(help="File, folder, glob or URL of a diary, or the name of a source.")],
    mapping: Mapping = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Read and check a diary without training on it, and read it back."""
    from migraine_assets.cli.read_back import document_of, examine, show_examined

    examined = examine(file, mapping=mapping, settings=Settings())
    document = document_of(examined)
    print_json(document) if as_json else show_examined(document, examined)
    refused = [check.detail for check in document.checks if check.result == "refused"]
    if refused:
        raise DataRefused("This diary would be refused:\n" + "\n".join(f"- {reason}" for reason in refused))


def sources(*, as_json: AsJson = False) -> None:
    """List the sources of diaries and the fields of a diary."""
    from migraine_assets.params import load_params
    from migraine_assets.sources.registry import describe

    own = load_params(Settings().params).diary_contract().fields
    document = SourcesDocument(
        sources=[SourceLine(source=name, description=text) for name, text in describe()],
        fields=[
            FieldLine(
                field=f.name,
                role=f.role,
                kind=f.kind,
                unit=f.unit,
                values=f.categories,
                low=f.low,
                high=f.high,
                meaning=f.description,
            )
            for f in own
        ],
    )
    if as_json:
        print_json(document)
        return
    rows = [(line.source, line.description) for line in document.sources]
    show("Sources", ("source", "description"), rows, text=("description",))
    for role in dict.fromkeys(line.role for line in document.fields):
        fields = [(line.field, _values(line), line.meaning) for line in document.fields if line.role == role]
        say("")
        show(f"Fields of a diary: {role}", ("field", "values", "meaning"), fields, text=("meaning",))


@app.command("log")
def log(*, as_json: AsJson = False) -> None:
    """List the accepted diaries with their data versions, oldest first."""
    from migraine_assets.stores.assets import delivery_log
    from migraine_assets.stores.store import Store

    damaged: list[str] = []
    accepted_diaries = delivery_log.read_log(Store(Settings().store_location), damaged=damaged)
    entries = [(entry.number, entry.acceptance) for entry in accepted_diaries]
    for sentence in damaged:
        note(sentence)
    diaries = [
        DiaryLine(
            number=number,
            time=accepted.time,
            data_version=accepted.md5,
            rows=accepted.accepted,
            quarantined=accepted.quarantined,
            source=accepted.description,
        )
        for number, accepted in entries
    ]
    if as_json:
        print_json(DataLogDocument(diaries=diaries))
        return
    if not diaries:
        say("No diary has been accepted yet.")
        return
    rows = [
        (str(line.number), local_time(line.time), line.data_version, f"{line.rows:,}", f"{line.quarantined:,}")
        + (line.source,)
        for line in diaries
    ]
    columns = ("no.", "time", "data version (MD5)", "rows", "quarantined", "source")
    show("Accepted diaries", columns, rows, right=("no.", "rows", "quarantined"), below=("source",))
    say("To repeat a run: migraine run --data-version MD5")


def _values(line: FieldLine) -> str:
    """Return the accepted values of a field: its categories, 0/1 of a flag, or bounds and unit."""
    if line.values:
        return ", ".join(line.values)
    if line.kind == "flag":
        return "0/1"
    match line.low, line.high:
        case None, None:
            return line.unit
        case low, None:
            bounds = f"from {low:g}"
        case None, high:
            bounds = f"to {high:g}"
        case low, high:
            bounds = f"{low:g} to {high:g}"
    # The unit of a scale, such as 0-10, repeats its bounds.
    return bounds if line.unit.replace("-", " to ") == bounds else f"{bounds} {line.unit}".strip()
