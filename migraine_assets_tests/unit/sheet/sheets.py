"""Summaries of one participant for the tests of the sheet."""

import numpy as np

from migraine_assets.core.contract import CONTRACT
from migraine_assets.core.features.outcome import AttackDefinition
from migraine_assets.core.person.summary import PersonSummary, summarize
from migraine_assets_tests.unit.core.diaries import person


def full_summary(days: int = 182, *, seed: int = 1) -> PersonSummary:
    """Return a summary of a diary in which every field is filled every day."""
    random = np.random.default_rng(seed)
    attack = (random.random(days) < 0.3) * 1.0
    columns = {}
    for field in CONTRACT.fields:
        if field.role in ("exposure", "premonitory"):
            values = random.integers(0, 2, days) if field.kind == "flag" else random.normal(1012.345, 5, days)
            columns[field.column] = values.astype(np.float64).tolist()
    columns["migraine_severity"] = np.where(attack == 1, random.integers(1, 11, days), np.nan).tolist()
    diary = person(range(20, days + 20), migraine_occurrence=attack.tolist(), **columns)
    return summarize(diary, days=days, definition=AttackDefinition(), contract=CONTRACT)


def short_summary() -> PersonSummary:
    """Return a summary of a few days with attacks only."""
    diary = person([0, 1, 3], migraine_occurrence=[1, 0, np.nan], migraine_severity=[np.nan] * 3)
    return summarize(diary, days=84, definition=AttackDefinition(), contract=CONTRACT)
