"""The data flow of a run: how many rows and participants each stage keeps.

It is a module of its own because diary assets record stages and depend on nothing else of an evaluation.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class FlowStep:
    """One stage of the data flow: its rows and participants (None if not counted), and a note."""

    name: str
    rows: int
    participants: int | None = None
    note: str = ""
