"""Reading of the cells of one column by the kind of its field, with a record of their notations.

Not here: parsing of single numbers and flags (`sources.columns.cells`), whole columns (`sources.columns.coercion`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from migraine_assets.core.diary.aliases import SPELLINGS
from migraine_assets.sources.columns import cells as cell_parser
from migraine_assets.sources.columns import dates
from migraine_assets.sources.columns.cells import Notation
from migraine_assets.sources.columns.dates import DateReading
from migraine_assets.sources.columns.mapping import Column
from migraine_assets.sources.columns.words import DASHES, NOTHING


@dataclass(frozen=True)
class Style:
    """The notation of the cells of one file.

    `comma_file`: whether its numbers have decimal commas. `decimal`, `thousands`: the marks that the mapping states for
    the whole delivery. `dates`: the reading of the date column. `sex`: the distinct cells of sex in all files, from
    which the coding is decided.
    """

    file: str
    comma_file: bool = False
    decimal: str | None = None
    thousands: str | None = None
    dates: DateReading = field(default_factory=DateReading)
    sex: frozenset[str] = frozenset()


class CellReader:
    """A parser of the cells of one column that records their notations.

    `forms`: notations other than plain numbers. `dashes`: cells read as null although they may mean 0. `nothing`:
    indices of distinct cells such as "none". `converts`: whether the scale and offset of the column are applied.
    """

    def __init__(self, column: Column, style: Style, notation: Notation, *, converts: bool) -> None:
        self._column, self._style, self._notation = column, style, notation
        self._scale, self._offset = (column.scale, column.offset) if converts else (1.0, 0.0)
        self._read: Callable[[str], Any] = getattr(self, f"_{column.field.kind}")
        self.forms: set[str] = set()
        self.dashes: set[str] = set()
        self.nothing: set[int] = set()
        self.file = style.file
        self._nothing: set[str] = set()

    def __call__(self, cell: str) -> Any:
        """Return the value of `cell`; None if it is null or unreadable."""
        if cell in DASHES:
            self.dashes.add(cell)
            return None
        if cell.casefold() in NOTHING:
            if _counts_nothing(self._column):
                self._nothing.add(cell)
                return 0.0
            self.dashes.add(cell)
            return None
        return self._read(cell)

    def notes(self) -> tuple[str, ...]:
        """Return the notes on ambiguous or unusual notations of the cells."""
        notes = [f"with cells {form}" for form in self.forms]
        notes += [f"with '{cell}' as 0" for cell in sorted(self._nothing)]
        # A dash may mean zero, and "none" may mean no answer, so both readings are reported.
        notes += [f"with '{cell}' as not asked (state recode if it means 0)" for cell in sorted(self.dashes)]
        return tuple(notes)

    def _string(self, cell: str) -> str:
        return cell

    def _category(self, cell: str) -> str:
        return SPELLINGS.get(self._column.field.name, {}).get(cell.casefold(), cell)

    def _flag(self, cell: str) -> float | None:
        return cell_parser.flag(cell, self._notation)

    def _number(self, cell: str) -> float | None:
        value = cell_parser.number(cell, self._notation)
        if value is not None:
            return value * self._scale + self._offset
        formed = cell_parser.quantity(cell, self._column.field, self._notation)
        if formed is None:
            return None
        self.forms.add(formed[1])
        return formed[0]

    def _date(self, cell: str) -> int | None:
        column = self._column
        if column.format is not None:
            return dates.parse_with_format(cell, column.format)
        if column.epoch is not None:
            return dates.parse_day_index(cell, column.epoch)
        return self._style.dates.parse(cell)


def _counts_nothing(column: Column) -> bool:
    field = column.field
    return field.kind == "flag" or field.unit in ("servings", "0-7", "0-10")
