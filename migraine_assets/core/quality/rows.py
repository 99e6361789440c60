"""Checks on accepted rows: keys, repetitions, what cannot change, dates, outcomes, and whether they are enough.

Here belong findings on the validated frame that concern several fields together. Not here: one field after
another (`core.quality.fields`), the delivery as a whole (`core.quality.delivery`), setting rows aside
(`core.diary.validation`).
"""

import datetime

import numpy as np
import pandas as pd

from migraine_assets.core.contract import ATTACK, BY_NAME, SEVERITY, names
from migraine_assets.core.diary.columns import numbers
from migraine_assets.core.diary.duplicates import conflicts, content_codes, repeated
from migraine_assets.core.quality.finding import Finding, finding, listed, percent, plural, share
from migraine_assets.core.quality.settings import QualitySettings


def unique_days(valid: pd.DataFrame) -> Finding:
    """No participant's day is described twice in different ways (blocking)."""
    found = conflicts(valid, ignored=np.zeros(len(valid), dtype=np.bool_))
    failures = [f"Rows that describe a day differently from another row: {len(found.rows):,}."]
    rows = [_place(valid, row) for row in found.rows[:20]]
    return finding(
        "unique_days",
        failures if len(found.rows) else [],
        good="No day of a participant is described in two ways.",
        blocking=True,
        columns=("participant_id", "date", "file", "row"),
        rows=rows,
    )


def repeated_rows(valid: pd.DataFrame) -> Finding:
    """No row is there twice (warning). Dated ones are dropped later; undated ones stay.

    Of undated rows those are counted whose whole content but the participant is found under another
    participant: a person who is in a flat table twice can be trained on and tested on.
    """
    if valid["date"].notna().any():
        count = int(repeated(valid).sum())
        failure = f"{plural(count, 'repetition')} of a row of the same participant and day; it is kept once."
    else:
        count = _alike_under_other_names(valid)
        failure = (
            f"{plural(count, 'repetition')} of an undated row under another participant's name: where a "
            "person is in the table twice, remove one row, or scores on test participants come out too good."
        )
    return finding("repeated_rows", [failure] if count else [], good="No row is there twice.", blocking=False)


def static_fields(valid: pd.DataFrame) -> Finding:
    """What cannot change (sex, migraine type) is the same on all days of a participant (warning)."""
    fields = [name for name in names("static") if BY_NAME[name].kind == "category"]
    rows = []
    for name in fields:
        pairs = valid[["participant_id", name]].dropna().drop_duplicates()
        several = pairs[pairs["participant_id"].duplicated(keep=False)]
        told = several.astype(str).groupby("participant_id")[name].agg(lambda found: ", ".join(sorted(found)))
        rows += [(str(person), name, str(values)) for person, values in told.items()]
    failures = [f"{row[0]} has {row[1]} = {row[2]}." for row in rows[:3]]
    failures += [f"And {len(rows) - 3:,} more."] if len(rows) > 3 else []
    columns = ("participant_id", "field", "values")
    good = f"{listed(fields)} never differ within a participant."
    return finding("static_fields", failures, good=good, blocking=False, columns=columns, rows=rows)


def future_dates(valid: pd.DataFrame, *, today: datetime.date, settings: QualitySettings) -> Finding:
    """No row describes a day that has not come yet (blocking); `days_ahead` allows for time zones."""
    latest = today + datetime.timedelta(days=settings.days_ahead)
    rows = np.flatnonzero((valid["date"] >= pd.Timestamp(latest) + pd.Timedelta(days=1)).to_numpy())
    failures = [f"{plural(len(rows), 'row')} of days after {latest}: check the clock and the date format."]
    return finding(
        "future_dates",
        failures if len(rows) else [],
        good=f"No date is after {latest}." if valid["date"].notna().any() else "The source has no dates.",
        blocking=True,
        columns=("participant_id", "date", "file", "row"),
        rows=[_place(valid, row) for row in rows[:20]],
    )


def outcome_consistency(valid: pd.DataFrame) -> Finding:
    """Severity and duration belong to attacks (blocking); few attacks are free of pain (warning)."""
    attack, severity = numbers(valid, ATTACK), numbers(valid, SEVERITY)
    contradicting = (attack != 1) & ((severity > 0) | (numbers(valid, "duration_h") > 0))
    painless, rated = int(((attack == 1) & (severity == 0)).sum()), int(((attack == 1) & (severity >= 0)).sum())
    failures = []
    if contradicting.any():
        failures.append(
            f"{plural(int(contradicting.sum()), 'day')} without an attack, and yet with its severity or duration."
        )
    # One attack in five: aura without headache is about that share of the attacks of those who know it.
    if painless > 0.2 * rated:
        failures.append(
            f"{painless:,} of {rated:,} rated attacks have severity 0: where 0 stands for 'not asked', leave it empty."
        )
    figures = [
        ("attacks", f"{int((attack == 1).sum()):,}"),
        ("attacks with a severity", f"{rated:,}"),
        ("attacks of severity 0", f"{painless:,}"),
        ("days described as an attack without one", f"{int(contradicting.sum()):,}"),
    ]
    good = "Severity and duration agree with the outcome."
    blocking = bool(contradicting.any())
    return finding(
        "outcome_consistency", failures, good=good, blocking=blocking, columns=("figure", "rows"), rows=figures
    )


def class_balance(valid: pd.DataFrame, *, settings: QualitySettings) -> Finding:
    """There are days with and days without an attack (blocking where not), and neither is rare (warning)."""
    attack = numbers(valid, ATTACK)
    yes, no = int((attack == 1).sum()), int((attack == 0).sum())
    part = share(yes, yes + no)
    failures = []
    if not (yes and no):
        only = "no day with a known outcome" if not yes + no else f"only days {'with' if yes else 'without'} an attack"
        failures = [f"The diary has {only}: a model needs days of both kinds."]
    elif min(part, 1 - part) < settings.rare_class_warning:
        failures = [f"{percent(part)} of the days with a known outcome have an attack: scores will be uncertain."]
    rows = [("attack", f"{yes:,}"), ("no attack", f"{no:,}"), ("not known", f"{int(np.isnan(attack).sum()):,}")]
    good = f"{percent(part)} of the days with a known outcome have an attack."
    blocking = not (yes and no)
    return finding("class_balance", failures, good=good, blocking=blocking, columns=("outcome", "days"), rows=rows)


def enough_to_train(valid: pd.DataFrame, *, settings: QualitySettings) -> Finding:
    """There are enough participants, attacks and quiet days to train and to test (blocking)."""
    attack = numbers(valid, ATTACK)
    people = valid["participant_id"][~np.isnan(attack)].nunique()
    needed = [
        ("participants with a known outcome", people, settings.min_participants),
        ("days with an attack", int((attack == 1).sum()), settings.min_days_of_each_outcome),
        ("days without an attack", int((attack == 0).sum()), settings.min_days_of_each_outcome),
    ]
    failures = [
        f"{what.capitalize()}: {n:,}, and at least {least:,} are needed." for what, n, least in needed if n < least
    ]
    rows = [(what, f"{n:,}", f"{least:,}") for what, n, least in needed]
    good = f"{plural(people, 'participant')} and {plural(needed[1][1], 'attack')}: enough to train and to test."
    columns = ("what", "found", "needed")
    return finding("enough_to_train", failures, good=good, blocking=True, columns=columns, rows=rows)


def _alike_under_other_names(valid: pd.DataFrame) -> int:
    """Undated rows whose content is that of an earlier row of another participant."""
    content = content_codes(valid.assign(participant_id=""))
    first = pd.Series(valid["participant_id"].to_numpy()).groupby(content).transform("first")
    others = first.to_numpy() != valid["participant_id"].to_numpy()
    # Rows of few flags are alike by chance; only where most rows differ does likeness tell a repetition.
    return int(others.sum()) if len(np.unique(content)) > 0.5 * len(valid) else 0


def _place(frame: pd.DataFrame, row: int) -> tuple[str, str, str, str]:
    at = frame.iloc[int(row)]
    return str(at["participant_id"]), f"{at['date']:%Y-%m-%d}", str(at["source_file"]), str(at["source_row"])
