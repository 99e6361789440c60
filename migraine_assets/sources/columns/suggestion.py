"""Suggestions for a misspelled name.

Not here: the advice in a refusal (`sources.columns.advice`).
"""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str]) -> str:
    """Return " Did you mean ...?" with the nearest of `known` to `word`, or an empty string if none is near."""
    candidates = list(known)
    by_lower = {candidate.lower(): candidate for candidate in candidates}
    matches = get_close_matches(word.lower(), list(by_lower), n=1, cutoff=0.5)
    return f" Did you mean '{by_lower[matches[0]]}'?" if matches else ""
