"""`migraine validate`, `sources` and `data log`."""

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from migraine_assets.cli.console import AsJson, local_time, print_json, say, show
from migraine_assets.cli.documents import (
    CheckLine,
    DataLogDocument,
    DiaryLine,
    FieldLine,
    QuarantineReason,
    SourceLine,
    SourcesDocument,
    ValidateDocument,
)
from migraine_assets.errors import DataRefused
from migraine_assets.settings import Settings

if TYPE_CHECKING:
    from migraine_assets.core.diary.validation import Validated

app = typer.Typer(help="Accepted diaries.", no_args_is_help=True)

EXAMPLES = 5
Mapping = Annotated[str | None, typer.Option(help="YAML file that maps the columns of the source to diary fields.")]


def validate(
    file: Annotated[str, typer.Argument(help="File, folder, glob or URL of a diary, or the name of a source.")],
    mapping: Mapping = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Read and check a diary without training on it."""
    from migraine_assets.core.diary.validation import validate as validate_rows
    from migraine_assets.core.quality.suite import raw_findings, validated_findings
    from migraine_assets.params import load_params
    from migraine_assets.sources.registry import read_source

    settings = Settings()
    params, today = load_params(settings.params), dt.datetime.now(dt.UTC).date()
    contract = params.diary_contract()
    delivery = read_source(
        file, mapping=mapping, options={}, landing=settings.landing, limits=params.sources, contract=contract
    )
    result = validate_rows(delivery.frame, today=today, settings=params.validation, contract=contract)
    findings = (
        *raw_findings(delivery.frame, previous=None, settings=params.quality, contract=contract),
        *validated_findings(result, previous=None, today=today, settings=params.quality, contract=contract),
    )
    document = ValidateDocument(
        source=delivery.description,
        md5=delivery.md5,
        rows=len(delivery.frame),
        accepted=len(result.valid),
        quarantined=len(result.quarantined),
        horizon=delivery.horizon,
        notes=tuple(delivery.notes),
        reasons=list(_reasons(result)),
        checks=[
            CheckLine(
                check=f.name, result="passed" if f.passed else "refused" if f.blocking else "warning", detail=f.reason
            )
            for f in findings
        ],
    )
    print_json(document) if as_json else _show_validation(document, result)
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
    from migraine_assets.stores.assets import deliveries
    from migraine_assets.stores.store import Store

    entries = [(entry.number, entry.acceptance) for entry in deliveries.log(Store(Settings().store_location))]
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


def _reasons(result: "Validated") -> Iterator[QuarantineReason]:
    for row in result.reasons.astype(str).to_dict("records"):
        yield QuarantineReason(rule=row["rule"], field=row["field"], what=row["what"], rows=int(row["rows"]))


def _show_validation(document: ValidateDocument, result: "Validated") -> None:
    say(f"{document.source}: {document.rows:,} rows, horizon {document.horizon}, MD5 {document.md5}")
    for text in document.notes:
        say(f"Note: {text}")
    say(f"{document.accepted:,} rows accepted, {document.quarantined:,} quarantined")
    say("")
    if document.reasons:
        rows = [(r.rule, r.field, f"{r.rows:,}", r.what) for r in document.reasons]
        show("Quarantined", ("rule", "field", "rows", "what"), rows, right=("rows",), text=("what",))
        say("")
        # For the person at this terminal only: nothing that is kept quotes rows of a diary.
        first = result.quarantined.head(EXAMPLES)
        cells = [(str(row.source_row), str(row.source_file), str(row.reason)) for row in first.itertuples()]
        show("First quarantined rows", ("row", "file", "reason"), cells, right=("row",), text=("reason",))
        say("")
    checks = [(line.check, line.result, line.detail) for line in document.checks]
    show("Checks", ("check", "result", "detail"), checks, text=("detail",))


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
    # The unit of a scale is its bounds.
    return bounds if line.unit.replace("-", " to ") == bounds else f"{bounds} {line.unit}".strip()
