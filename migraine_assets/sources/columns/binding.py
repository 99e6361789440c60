"""Which column of a sheet is which contract field, by a mapping or by the column's name.

Here belong the aliases that are taken without asking, and the refusal of ambiguous headers. Not here: values.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from migraine_assets.core.contract import ATTACK, BY_NAME, FIELDS, PROVENANCE, Field
from migraine_assets.errors import ConfigurationError, DataRefused
from migraine_assets.sources.columns.mapping import Column, SourceMapping, nearest
from migraine_assets.sources.columns.units import scale_of, split_header
from migraine_assets.sources.files.delivery import READING
from migraine_assets.sources.files.sheet import Sheet


@dataclass(frozen=True)
class Alias:
    """Another name of a contract field, compared without case, spaces and punctuation, and its own coding."""

    name: str
    field: str
    recode: tuple[tuple[str, str], ...] = ()


# Only names that leave no doubt; of several in one file the first in this list is taken. An outcome is never
# guessed from 'headache', which is wider than migraine in some diaries and narrower in others.
ALIASES: tuple[Alias, ...] = (
    Alias("participant", "participant_id"),
    Alias("patient_id", "participant_id"),
    Alias("patient", "participant_id"),
    Alias("subject_id", "participant_id"),
    Alias("subject", "participant_id"),
    Alias("person_id", "participant_id"),
    Alias("user_id", "participant_id"),
    Alias("id", "participant_id"),
    Alias("diary_date", "date"),
    Alias("entry_date", "date"),
    Alias("gender", "sex", (("0", "M"), ("1", "F"))),
    Alias("age_years", "age"),
    Alias("sleep_duration", "sleep_hours"),
    Alias("barometric_pressure", "weather_pressure"),
    Alias("migraine", ATTACK),
    Alias("migraine_attack", ATTACK),
    Alias("severity", "migraine_severity"),
    Alias("migraine_intensity", "migraine_severity"),
    Alias("duration_hours", "duration_h"),
)


@dataclass(frozen=True)
class Binding:
    """The columns to read with their positions in the header, and the names of those kept out."""

    columns: tuple[tuple[Column, int], ...]
    kept_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def position(self, name: str) -> int | None:
        """Where in `columns` the contract field `name` is; None where it is not bound."""
        return next((at for at, (column, _) in enumerate(self.columns) if column.field.name == name), None)


def bind(sheet: Sheet, mapping: SourceMapping | None) -> Binding:
    """Bind the columns of `sheet`. Raises `DataRefused` where a name is ambiguous, `ConfigurationError` where
    the mapping names a column that is not there.
    """
    mapped = [(column, _find(sheet, column)) for column in mapping.columns] if mapping else []
    guessed: list[tuple[Column, int]] = []
    if mapping is None or mapping.match_names:
        taken = {column.field.name for column, _ in mapped} | set(mapping.constants if mapping else ())
        guessed = _guess(sheet, taken, {position for _, position in mapped})
    bound = tuple(sorted(mapped + guessed, key=lambda pair: FIELDS.index(pair[0].field)))
    used = {position for _, position in bound}
    kept_out = [name or "(unnamed)" for at, name in enumerate(sheet.header)
                if at not in used and name not in (*PROVENANCE, *READING)]  # fmt: skip
    return Binding(bound, tuple(kept_out), _duplicates_note(sheet, kept_out))


def canonical(name: str) -> str:
    """A column name as it is compared: letters and digits only, case folded."""
    return re.sub(r"[\W_]+", "", name.casefold())


def listed(names: Sequence[str], *, limit: int = 12) -> str:
    """`names` in a sentence, the first `limit` of them."""
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(f"'{name}'" for name in names[:limit]) + more


def _find(sheet: Sheet, column: Column) -> int:
    positions = _positions(sheet.header, column.column)
    if len(positions) == 1:
        return positions[0]
    if positions:
        raise _ambiguous(sheet, column.column, len(positions))
    name, _, occurrence = column.column.rpartition("#")
    if occurrence.isdigit():
        positions = _positions(sheet.header, name)
        if 0 < int(occurrence) <= len(positions):
            return positions[int(occurrence) - 1]
    hint = nearest(column.column, sheet.header) or f" It has {listed(sheet.header)}."
    raise ConfigurationError(
        f"The mapping takes {column.field.name} from column '{column.column}', which {sheet.file} does not have.{hint}"
    )


def _positions(header: Sequence[str], name: str) -> list[int]:
    wanted = " ".join(name.split())
    exact = [at for at, found in enumerate(header) if found == wanted]
    return exact or [at for at, found in enumerate(header) if found.casefold() == wanted.casefold()]


def _guess(sheet: Sheet, taken: Iterable[str], used: Iterable[int]) -> list[tuple[Column, int]]:
    found: dict[str, list[tuple[int, Column, int]]] = {}
    for at, name in enumerate(sheet.header):
        match = None if at in used else _recognise(name)
        if match is not None and match[1].field.name not in taken:
            found.setdefault(match[1].field.name, []).append((*match, at))
    return [_one(sheet, candidates) for candidates in found.values()]


def _one(sheet: Sheet, candidates: list[tuple[int, Column, int]]) -> tuple[Column, int]:
    best = min(rank for rank, _, _ in candidates)
    first = [(column, at) for rank, column, at in candidates if rank == best]
    if len(first) > 1:
        raise _ambiguous(sheet, first[0][0].column, len(first))
    return first[0]


def _recognise(name: str) -> tuple[int, Column] | None:
    """The contract field that a column of this name holds, and how sure that is (0: the field's own name)."""
    plain, unit = split_header(name)
    for spelled, stated in ((name, None), (plain, unit)):
        if match := _BY_SPELLING.get(canonical(spelled)):
            rank, target, recode = match
            scale = _stated_scale(target, stated)
            return None if scale is None else (rank, Column(target, name, scale=scale, recode=dict(recode)))
    return None


def _stated_scale(target: Field, unit: str | None) -> float | None:
    # The brackets of a category or flag hold its coding, and those of a scale its bounds:
    # 'Stress level (1-10)'.
    if unit is None or target.kind != "number" or canonical(unit) == canonical(target.unit):
        return 1.0
    return scale_of(target, unit)


def _spellings() -> dict[str, tuple[int, Field, tuple[tuple[str, str], ...]]]:
    aliases = {canonical(alias.name): (rank, BY_NAME[alias.field], alias.recode)
               for rank, alias in enumerate(ALIASES, start=1)}  # fmt: skip
    return aliases | {canonical(target.name): (0, target, ()) for target in FIELDS}


_BY_SPELLING = _spellings()


def _ambiguous(sheet: Sheet, name: str, count: int) -> DataRefused:
    return DataRefused(
        f"{sheet.file} has {count} columns called '{name}'. Rename one, or say in a "
        f"mapping which is meant: "
        f"'{name}#1' is the first."
    )


def _duplicates_note(sheet: Sheet, kept_out: Sequence[str]) -> tuple[str, ...]:
    twice = sorted(name for name, count in Counter(kept_out).items() if count > 1)
    return (f"{sheet.file} names several columns alike; none of them is read: {listed(twice)}.",) if twice else ()
