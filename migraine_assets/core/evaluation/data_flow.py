"""The data flow of a run: the number of rows and participants that each stage keeps.

This is a separate module because diary assets record their stages and need nothing else of an evaluation. Not here: the
results of an evaluation (`core.evaluation.results`).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class FlowStep:
    """One stage of the data flow: its rows and participants (None if not counted), and a note."""

    name: str
    rows: int
    participants: int | None = None
    note: str = ""
