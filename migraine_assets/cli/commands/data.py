"""`migraine validate`, `sources` and `data log`."""

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from migraine_assets.cli.console import say, show
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
) -> None:
    """Read and check a diary without training on it."""
    from migraine_assets.core.diary.validation import validate as validate_rows
    from migraine_assets.core.quality.suite import raw_findings, validated_findings
    from migraine_assets.params import load_params
    from migraine_assets.sources.registry import read_source

    settings = Settings()
    params, today = load_params(settings.params), dt.datetime.now(dt.UTC).date()
    delivery = read_source(file, mapping=mapping, options={}, landing=settings.landing, limits=params.sources)
    contract = params.diary_contract()
    result = validate_rows(delivery.frame, today=today, settings=params.validation, contract=contract)
    say(f"{delivery.description}: {len(delivery.frame):,} rows, horizon {delivery.horizon}, MD5 {delivery.md5}")
    for note in delivery.notes:
        say(f"Note: {note}")
    _show_quarantine(result)
    findings = (
        *raw_findings(delivery.frame, previous=None, settings=params.quality, contract=contract),
        *validated_findings(result, previous=None, today=today, settings=params.quality, contract=contract),
    )
    rows = [(f.name, "passed" if f.passed else "refused" if f.blocking else "warning", f.reason) for f in findings]
    show("Checks", ("check", "result", "detail"), rows)
    refused = [f.reason for f in findings if f.blocking and not f.passed]
    if refused:
        raise DataRefused("This diary would be refused:\n" + "\n".join(f"- {reason}" for reason in refused))


def sources() -> None:
    """List the sources of diaries and the fields of a diary."""
    from migraine_assets.core.contract import FIELDS
    from migraine_assets.sources.registry import describe

    show("Sources", ("source", "description"), describe())
    rows = [(f.name, f.role, f.unit or ", ".join(f.categories), _bounds(f.low, f.high), f.description) for f in FIELDS]
    show("Fields of a diary", ("field", "role", "unit", "bounds", "meaning"), rows)


@app.command("log")
def log() -> None:
    """List the accepted diaries with their data versions, oldest first."""
    from migraine_assets.stores.assets import deliveries
    from migraine_assets.stores.store import Store

    entries = deliveries.log(Store(Settings().store_location))
    if not entries:
        say("No diary has been accepted yet.")
        return
    rows = [
        (str(e.number), e.acceptance.time, e.acceptance.md5, f"{e.acceptance.accepted:,}")
        + (f"{e.acceptance.quarantined:,}", e.acceptance.description)
        for e in entries
    ]
    show("Accepted diaries", ("no.", "time", "data version (MD5)", "rows", "quarantined", "source"), rows)
    say("To repeat a run: migraine run --data-version MD5")


def _show_quarantine(result: "Validated") -> None:
    """Print how many rows were quarantined, and why."""
    reasons = result.reasons
    say(f"{len(result.valid):,} rows accepted, {len(result.quarantined):,} quarantined")
    if len(reasons):
        columns = tuple(map(str, reasons.columns))
        show("Quarantined", columns, [tuple(map(str, row)) for row in reasons.itertuples(index=False)])
        # For the person at this terminal only: nothing that is kept quotes rows of a diary.
        first = result.quarantined.head(EXAMPLES)
        cells = [(str(row.source_file), str(row.source_row), str(row.reason)) for row in first.itertuples()]
        show("First quarantined rows", ("file", "row", "reason"), cells, right=("row",))


def _bounds(low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return ""
    return f"{'' if low is None else f'{low:g}'} to {'' if high is None else f'{high:g}'}".strip()
