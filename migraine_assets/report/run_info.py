"""Provenance of a report: the run, data, parameters and versions behind it.

Not here: the results of a task (`core.evaluation.results`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from migraine_assets.stores.simulated import SIMULATED


@dataclass(frozen=True)
class RunFacts:
    """Provenance of an evaluation. The caller supplies every value: a report reads no clock and no environment.

    `created`: ISO 8601 time; `description`: the source in words; `command`: the command that reproduces the run;
    `data_version`: hash of the delivery; `parameters`: settings by name; `notes`: observations from reading the source,
    such as ignored columns or the mapping in use.
    """

    run_id: str
    created: str
    source: str
    description: str
    command: str
    data_version: str
    code_version: str
    seed: int
    parameters: Mapping[str, str] = field(default_factory=dict)
    libraries: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def simulated(self) -> bool:
        """Whether the diaries were simulated."""
        return self.source == SIMULATED
