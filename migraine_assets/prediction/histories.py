"""Diary days of participants as arrays, the input of the predictor under every protocol.

Not here: JSON bodies (`serving.input.cases`), tables (`serving.input.arrow_participants`), features
(`prediction.history_features`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.contract import Contract


@dataclass(frozen=True, eq=False)
class RowLayout:
    """The rows of `Histories.values`: the diary column of each, and the contract field that it holds."""

    columns: tuple[str, ...]
    fields: tuple[str, ...]


def row_layout(contract: Contract) -> RowLayout:
    """Numbers and flags of `contract` first, in its order, then encoded categories."""
    numeric = [field.name for field in contract.of_kind("number", "flag")]
    encoded = [field for field in contract.of_kind("category") if field.encoding]
    return RowLayout((*numeric, *(field.column for field in encoded)), (*numeric, *(field.name for field in encoded)))


class Histories(msgspec.Struct, frozen=True, eq=False, gc=False):
    """Diary days as they were sent, and the n rows among them to predict from.

    `names`: the participant of each prediction, None if anonymous. `keys`: returns the bytes that keep each of them in
    one arm of a rollout. `person` int64[m] and `day` int64[m] (days since 1970-01-01): one row per diary day, sorted by
    person, then by day. `values` float64[columns, m] in the order of a `RowLayout`, NaN for null.
    `has_values` bool[columns]: False only for columns without any value. `targets` intp[n]: the row that is "today" in
    each prediction; later rows of the same person do not influence it.
    """

    names: Sequence[str | None]
    keys: Callable[[], Sequence[bytes]]
    person: NDArray[np.int64]
    day: NDArray[np.int64]
    values: NDArray[np.float64]
    has_values: NDArray[np.bool_]
    targets: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.names)

    @property
    def single(self) -> bool:
        """Whether this is the history of one participant, predicted from its newest day."""
        return len(self.names) == 1 and self.targets[0] == len(self.day) - 1 and self.person[0] == self.person[-1]

    @property
    def target_days(self) -> NDArray[np.int64]:
        """The day of each target row, int64[n]."""
        return self.day[self.targets]
