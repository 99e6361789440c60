"""Checks of the accepted rows: keys, repetitions, static fields, dates, outcomes, and enough data to train.

These checks concern several fields together. Not here: single fields (`core.quality.fields`), the delivery as a whole
(`core.quality.delivery`), quarantine (`core.diary.validation`).
"""

import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from migraine_assets.core.contract import ATTACK, CONTRACT, SEVERITY, Contract
from migraine_assets.core.diary.columns import numbers
from migraine_assets.core.diary.duplicates import conflicts, content_codes, repeated
from migraine_assets.core.formatting import listed, percent, plural, share
from migraine_assets.core.quality.finding import Finding, finding
from migraine_assets.core.quality.settings import QualitySettings

# Findings are stored in databases, so they give the position of a row and do not quote it.
POSITION = ("file", "row")


def unique_days(valid: pd.DataFrame) -> Finding:
    """Check that no day of a participant has two different rows (blocking)."""
    conflicting = conflicts(valid, ignored=np.zeros(len(valid), dtype=np.bool_))
    failures = [f"{plural(len(conflicting.rows), 'row')} with a different row for the same day."]
    rows = [_position(valid, row) for row in conflicting.rows[:20]]
    return finding(
        "unique_days",
        failures if len(conflicting.rows) else [],
        success="No day of a participant has two different rows.",
        blocking=True,
        columns=POSITION,
        rows=rows,
    )


def repeated_rows(valid: pd.DataFrame) -> Finding:
    """Check that no row is repeated (warning). Repeated dated rows are dropped later; undated rows are kept.

    An undated row is repeated if a row of another participant has the same content, since a person who is in a flat
    table twice can be in both the training and the test data.
    """
    if valid["date"].notna().any():
        count = int(repeated(valid).sum())
        failure = f"{plural(count, 'repeated row')} of the same participant and day; each is kept once."
    else:
        count = _copies_of_other_participants(valid)
        failure = (
            f"{plural(count, 'undated row')} with the same content as a row of another participant: if a person is in "
            "the table twice, remove one row, because otherwise test scores are too optimistic."
        )
    return finding("repeated_rows", [failure] if count else [], success="No row is repeated.", blocking=False)


def static_fields(valid: pd.DataFrame, *, contract: Contract = CONTRACT) -> Finding:
    """Check that static categories, such as sex and migraine type, do not change within a participant (warning)."""
    fields = [field.name for field in contract.of_kind("category") if field.role == "static"]
    rows, failures = [], []
    for name in fields:
        pairs = valid[["participant_id", name]].dropna().drop_duplicates()
        several = pairs[pairs["participant_id"].duplicated(keep=False)]
        if count := several["participant_id"].nunique():
            rows.append((name, f"{count:,}"))
            failures.append(f"{name} has several values within {plural(count, 'participant')}.")
    columns = ("field", "participants")
    success = f"{listed(fields)} do not change within a participant."
    return finding("static_fields", failures, success=success, blocking=False, columns=columns, rows=rows)


def future_dates(valid: pd.DataFrame, *, today: datetime.date, settings: QualitySettings) -> Finding:
    """Check that no row is of a future day (blocking)."""
    latest = today + datetime.timedelta(days=settings.days_ahead)
    rows = np.flatnonzero((valid["date"] >= pd.Timestamp(latest) + pd.Timedelta(days=1)).to_numpy())
    failures = [f"{plural(len(rows), 'row')} after {latest}: check the clock and the date format."]
    return finding(
        "future_dates",
        failures if len(rows) else [],
        success=f"No date is after {latest}." if valid["date"].notna().any() else "The source has no dates.",
        blocking=True,
        columns=POSITION,
        rows=[_position(valid, row) for row in rows[:20]],
    )


def outcome_consistency(valid: pd.DataFrame) -> Finding:
    """Check that only attacks have a severity or duration (blocking), and few have severity 0 (warning)."""
    attack, severity = numbers(valid, ATTACK), numbers(valid, SEVERITY)
    contradicting = (attack != 1) & ((severity > 0) | (numbers(valid, "duration_h") > 0))
    painless, rated = int(((attack == 1) & (severity == 0)).sum()), int(((attack == 1) & (severity >= 0)).sum())
    failures = []
    if contradicting.any():
        failures.append(f"{plural(int(contradicting.sum()), 'day')} without an attack but with a severity or duration.")
    # Of people who have aura without headache, about one attack in five is of this kind.
    if painless > 0.2 * rated:
        failures.append(
            f"{painless:,} of {rated:,} rated attacks have severity 0: if 0 stands for 'not asked', leave it empty."
        )
    figures = [
        ("attacks", f"{int((attack == 1).sum()):,}"),
        ("attacks with a severity", f"{rated:,}"),
        ("attacks of severity 0", f"{painless:,}"),
        ("days without an attack but with a severity or duration", f"{int(contradicting.sum()):,}"),
    ]
    success = "Severity and duration agree with the outcome."
    blocking = bool(contradicting.any())
    return finding(
        "outcome_consistency", failures, success=success, blocking=blocking, columns=("figure", "rows"), rows=figures
    )


def class_balance(
    valid: pd.DataFrame, *, settings: QualitySettings, attack: NDArray[np.float64] | None = None
) -> Finding:
    """Check that there are days with and without an attack (blocking), and that neither is rare (warning).

    `attack` float64[n]: 1 on a day with an attack, 0 on a day without, NaN if unknown; by default that of the contract.
    """
    attack = numbers(valid, ATTACK) if attack is None else attack
    yes, no = int((attack == 1).sum()), int((attack == 0).sum())
    part = share(yes, yes + no)
    failures = []
    if not (yes and no):
        only = "no day with a known outcome" if not yes + no else f"only days {'with' if yes else 'without'} an attack"
        failures = [f"The diary has {only}: a model needs days of both kinds."]
    elif min(part, 1 - part) < settings.rare_class_warning:
        failures = [f"{percent(part)} of the days with a known outcome have an attack: scores will be uncertain."]
    rows = [("attack", f"{yes:,}"), ("no attack", f"{no:,}"), ("not known", f"{int(np.isnan(attack).sum()):,}")]
    success = f"{percent(part)} of the days with a known outcome have an attack."
    blocking = not (yes and no)
    return finding(
        "class_balance", failures, success=success, blocking=blocking, columns=("outcome", "days"), rows=rows
    )


def enough_to_train(
    valid: pd.DataFrame,
    *,
    settings: QualitySettings,
    attack: NDArray[np.float64] | None = None,
    least_days: int | None = None,
) -> Finding:
    """Check that there are enough participants, attacks and other days to train and test (blocking).

    `attack` as in `class_balance`. `least_days`: with a known outcome, of a diary that is split in time; one
    participant is then enough.
    """
    attack = numbers(valid, ATTACK) if attack is None else attack
    participants = valid["participant_id"][~np.isnan(attack)].nunique()
    needed = [
        ("participants with a known outcome", participants, settings.min_participants if least_days is None else 1),
        *([] if least_days is None else [("days with a known outcome", int((~np.isnan(attack)).sum()), least_days)]),
        ("days with an attack", int((attack == 1).sum()), settings.min_days_of_each_outcome),
        ("days without an attack", int((attack == 0).sum()), settings.min_days_of_each_outcome),
    ]

    def sentence(what: str, present: int, least: int) -> str:
        more = "" if least_days is None else f", {least - present:,} more"
        return f"{what.capitalize()}: {present:,}; at least {least:,} are needed{more}."

    failures = [sentence(what, n, least) for what, n, least in needed if n < least]
    rows = [(what, f"{n:,}", f"{least:,}") for what, n, least in needed]
    success = f"{plural(participants, 'participant')} and {plural(needed[-2][1], 'attack')}: enough to train and test."
    columns = ("what", "present", "needed")
    return finding("enough_to_train", failures, success=success, blocking=True, columns=columns, rows=rows)


def _copies_of_other_participants(valid: pd.DataFrame) -> int:
    """Return the number of undated rows with the same content as an earlier row of another participant."""
    content = content_codes(valid.assign(participant_id=""))
    first = pd.Series(valid["participant_id"].to_numpy()).groupby(content).transform("first")
    others = first.to_numpy() != valid["participant_id"].to_numpy()
    # With few fields, rows are equal by chance. So equal rows are repetitions only if most rows differ.
    return int(others.sum()) if len(np.unique(content)) > 0.5 * len(valid) else 0


def _position(frame: pd.DataFrame, row: int) -> tuple[str, str]:
    at = frame.iloc[int(row)]
    return str(at["source_file"]), str(at["source_row"])
