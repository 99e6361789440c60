"""The notation of the cells of a delivery, decided from the cells of all its files together.

Not here: the reading of dates (`sources.columns.date_columns`), cells in a notation (`sources.columns.cell_reader`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from migraine_assets.sources.columns import arrow_columns, coercion, date_columns
from migraine_assets.sources.columns.cell_reader import Style
from migraine_assets.sources.columns.dates import DateReading
from migraine_assets.sources.columns.mapping import SourceMapping, normal
from migraine_assets.sources.part import Part


@dataclass(frozen=True)
class Styles:
    """The reading of dates in all files, and the style of each file, in the order of the parts."""

    dates: DateReading
    by_part: tuple[Style, ...]


def decide_styles(parts: Sequence[Part], mapping: SourceMapping | None) -> Styles:
    """Decide how the cells of `parts` are read, except for what `mapping` states.

    Raises `DataRefused` if the order of day and month, or the time zone, cannot be decided.
    """
    stated = mapping or SourceMapping(())
    reading = _date_reading(parts, stated.timezone, stated.day_first)
    sexes = [part.column("sex") for part in parts]
    sex = frozenset(
        normal(coercion.unguarded(text))
        for pair in sexes if pair is not None
        for text in arrow_columns.distinct_texts(pair[1], pair[0], Style(""))
    )  # fmt: skip
    styles = tuple(
        Style(part.sheet.file, _has_comma(part), stated.decimal, stated.thousands, reading, sex) for part in parts
    )
    return Styles(reading, styles)


def _has_comma(part: Part) -> bool:
    pairs = zip(part.binding.columns, part.cells, strict=True)
    return part.sheet.decimal_comma and any(
        arrow_columns.has_decimal_comma(column, cells) for (column, _), cells in pairs
    )


def _date_reading(parts: Sequence[Part], timezone: str | None, day_first: bool | None) -> DateReading:
    """Decide how dates are read, from the date cells of all files together."""
    texts: list[str] = []
    name = "date"
    for part in parts:
        pair = part.column("date")
        if pair is not None and not pair[0].format and not pair[0].epoch:
            name = pair[0].column
            if timezone is None:
                date_columns.refuse_utc_stamps(pair[1], column=name)
            recoded = pair[0].recode
            texts_of_part = arrow_columns.distinct_texts(pair[1], pair[0], Style(part.sheet.file))
            texts += [text for text in texts_of_part if text.strip() and normal(text) not in recoded]
    return date_columns.decide(texts, column=name, timezone=timezone, day_first=day_first)
