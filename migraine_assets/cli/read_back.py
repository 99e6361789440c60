"""The work and the output of `migraine validate`: read a diary, check it as a run would, and read it back.

Not here: the command line (`cli.commands.data`), the numbers of the read-back (`core.quality.read_back`).
"""

import datetime as dt
from dataclasses import asdict, dataclass
from functools import partial

from migraine_assets.cli.console import say, show
from migraine_assets.cli.documents.diaries import (
    CheckLine,
    ColumnLine,
    GroupLine,
    JoinedFieldLine,
    JoinLine,
    QuarantineReason,
    ReadBackRecord,
    ValidateDocument,
)
from migraine_assets.core.diary.preprocess import cleaning_actions
from migraine_assets.core.diary.validation import Validated, validate
from migraine_assets.core.features.matrix import attack_days_of, outcome_of_rows
from migraine_assets.core.features.outcome import OutcomeDefinition, described
from migraine_assets.core.formatting import percent
from migraine_assets.core.quality.finding import Finding
from migraine_assets.core.quality.read_back import ReadBack, read_back
from migraine_assets.core.quality.suite import raw_findings, validated_findings
from migraine_assets.params import load_params
from migraine_assets.settings import Settings
from migraine_assets.sources.files.delivery import Delivery
from migraine_assets.sources.registry import read_source
from migraine_assets.stores.assets import delivery_log
from migraine_assets.stores.store import Store

# Rows that are shown. The JSON document has all groups.
_GROUPS, _EXAMPLES = 12, 5


@dataclass(frozen=True)
class Examined:
    """A delivery, its rows, its checks and its read-back, and what a run would predict, `horizon` days ahead."""

    delivery: Delivery
    result: Validated
    findings: tuple[Finding, ...]
    read: ReadBack
    horizon: int
    outcome: OutcomeDefinition


def examine(file: str, *, mapping: str | None, settings: Settings) -> Examined:
    """Read and check the diary at `file` as a run would, including the comparison with the last accepted delivery.

    Raises `ConfigurationError` and `DataRefused` for a diary that cannot be read. Writes nothing.
    """
    params, today = load_params(settings.params), dt.datetime.now(dt.UTC).date()
    contract = params.diary_contract()
    delivery = read_source(
        file, mapping=mapping, options={}, landing=settings.landing, limits=params.sources, contract=contract
    )
    result = validate(
        delivery.frame,
        today=today,
        settings=params.validation,
        contract=contract,
        outcome=partial(outcome_of_rows, definition=params.outcome.attack, contract=contract),
    )
    previous = delivery_log.previous_profile(Store(settings.store_location), delivery.md5)
    outcome = params.outcome
    horizon, dated = outcome.horizon_of(delivery.horizon), bool(delivery.frame["date"].notna().any())
    definition = outcome.definition(horizon=horizon, dated=dated)
    findings = (
        *raw_findings(delivery.frame, previous=previous, settings=params.quality, contract=contract),
        *validated_findings(
            result,
            previous=previous,
            today=today,
            settings=params.quality,
            contract=contract,
            definition=outcome.attack,
            least_days=params.folds.least_days_of(participants=result.valid["participant_id"].nunique(), dated=dated),
        ),
    )
    actions = cleaning_actions(result.valid, cleaning=params.cleaning(contract), contract=contract)
    attack = attack_days_of(result.valid, outcome.attack, contract=contract)
    read = read_back(result, actions, attack=attack, what=outcome.attack.words())
    return Examined(delivery, result, findings, read, horizon, definition)


def document_of(examined: Examined) -> ValidateDocument:
    """Return all results as the document that `--json` prints."""
    delivery, read = examined.delivery, examined.read
    return ValidateDocument(
        source=delivery.description,
        md5=delivery.md5,
        rows=len(delivery.frame),
        accepted=len(examined.result.valid),
        quarantined=len(examined.result.quarantined),
        horizon=examined.horizon,
        notes=tuple(delivery.notes),
        reasons=[
            QuarantineReason(
                rule=loss.rule,
                field=loss.field,
                what=loss.what,
                rows=loss.count,
                effect=loss.effect,
                share=loss.share,
                on_attack_days=loss.on_attack_days,
                on_other_days=loss.on_other_days,
            )
            for loss in read.losses
        ],
        checks=[CheckLine(check=f.name, result=_verdict(f), detail=f.reason) for f in examined.findings],
        columns=[
            ColumnLine(column=c.column, field=c.field, file=c.file, notes=c.notes, examples=c.examples)
            for c in delivery.columns
        ],
        joins=[
            JoinLine(
                files=table.files,
                format=table.format,
                keys=table.keys,
                joined=table.joined,
                days=table.days,
                rows=table.rows,
                unmatched=table.unmatched,
                fields=[JoinedFieldLine(**asdict(field)) for field in table.fields],
            )
            for table in delivery.joined
        ],
        read_back=_record(read),
    )


def show_examined(document: ValidateDocument, examined: Examined) -> None:
    """Show the notes, the losses and the checks, and at the end the read-back.

    The output quotes rows of the diary. It goes to the terminal only and is not stored.
    """
    say(f"{document.source}: {document.rows:,} rows, horizon {document.horizon}, MD5 {document.md5}")
    if not examined.outcome.default:
        say(f"Predicted: {described(examined.outcome, horizon=examined.horizon)}")
    for text in document.notes:
        say(f"Note: {text}")
    say(f"{document.accepted:,} rows accepted, {document.quarantined:,} quarantined")
    say("")
    _show_losses(document, examined)
    checks = [(line.check, line.result, line.detail) for line in document.checks]
    show("Checks", ("check", "result", "detail"), checks, text=("detail",))
    say("")
    _show_columns(document)
    _show_groups(document)
    for sentence in examined.read.sentences():
        say(sentence)


def _verdict(finding: Finding) -> str:
    return "passed" if finding.passed else "refused" if finding.blocking else "warning"


def _record(read: ReadBack) -> ReadBackRecord:
    return ReadBackRecord(
        participants=read.participants,
        days=read.days,
        first_day=read.first_day,
        last_day=read.last_day,
        attack_days=read.attack_days,
        quiet_days=read.quiet_days,
        unknown_days=read.unknown_days,
        attack_rate=read.attack_rate,
        coverage=read.coverage,
        groups=[
            GroupLine(
                name=group.name,
                participants=group.participants,
                days=group.days,
                attack_days=group.attack_days,
                first_day=group.first_day,
                last_day=group.last_day,
            )
            for group in read.groups
        ],
        clipped=dict(read.clipped),
    )


def _show_losses(document: ValidateDocument, examined: Examined) -> None:
    if not document.reasons:
        return
    cells = [
        (r.effect, r.field or r.rule, f"{r.rows:,}", percent(r.share))
        + (percent(r.on_attack_days), percent(r.on_other_days), r.what)
        for r in document.reasons
    ]
    columns = ("effect", "field", "count", "share", "attack days", "other days", "why")
    show("Quarantined rows and nulled values", columns, cells, right=columns[2:6], text=("why",))
    say("")
    first = examined.result.quarantined.head(_EXAMPLES)
    if len(first):
        rows = [(str(row.source_row), str(row.source_file), str(row.reason)) for row in first.itertuples()]
        show("First quarantined rows", ("row", "file", "reason"), rows, right=("row",), text=("reason",))
        say("")


def _show_columns(document: ValidateDocument) -> None:
    if not document.columns:
        return
    cells = [
        (line.column, line.field, ", ".join(_example(*pair) for pair in line.examples), "; ".join(line.notes))
        for line in document.columns
    ]
    show("Columns as they were read", ("column", "field", "examples", "how"), cells, text=("examples", "how"))
    say("")


def _example(cell: str, value: str) -> str:
    return cell if cell == value else f"{cell} -> {value}"


def _show_groups(document: ValidateDocument) -> None:
    groups = document.read_back.groups
    cells = [
        (group.name, f"{group.participants:,}", f"{group.days:,}", f"{group.attack_days:,}")
        + (group.first_day or "", group.last_day or "")
        for group in groups[:_GROUPS]
    ]
    more = len(groups) - len(cells)
    title = "Participants and days" + (f" ({more:,} more are in --json)" if more else "")
    columns = ("participant or file", "participants", "days", "attacks", "first day", "last day")
    show(title, columns, cells, right=("participants", "days", "attacks"))
    say("")
