"""What a report says of the run that it belongs to. Not here: the figures of a task (`core.evaluation.results`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class RunFacts:
    """Where an evaluation comes from. Everything is given by the caller: a report reads no clock and no
    environment.

    `asked`: what was asked for, in words; `command`: what to type to get the same again; `created`: an ISO
    time; `data_version`: the delivery's hash; `parameters`: name and value of what can be set; `notes`: what
    was noticed while reading the source (columns kept out, mapping used).
    """

    run_id: str
    created: str
    source: str
    asked: str
    command: str
    data_version: str
    code_version: str
    seed: int
    parameters: Mapping[str, str] = field(default_factory=dict)
    libraries: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
