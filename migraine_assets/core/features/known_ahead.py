"""Inputs that are known ahead for the predicted day: a weather forecast, the day of the cycle, a planned shift.

A field of the role `known_ahead` becomes a second one, `<field>_ahead`: its value on the predicted day. Training reads
that from the row of the predicted day; a request states it on the day that it predicts from. Not here: the weekend,
which is computed (`core.features.operations`). NumPy only.
"""

from dataclasses import replace

from migraine_assets.core.contract import Contract, Field
from migraine_assets.core.diary.cleaning import Cleaning, Condition, Contradiction
from migraine_assets.core.features.diary import Diary
from migraine_assets.core.features.labels import on_target_day
from migraine_assets.core.features.operations import Feature


def ahead(name: str) -> str:
    """The name of the field or column that holds `name` on the predicted day."""
    return f"{name}_ahead"


def ahead_fields(contract: Contract) -> tuple[Field, ...]:
    """The fields that hold the predicted day's values of those that are known ahead."""
    return tuple(
        replace(
            item,
            name=ahead(item.name),
            description=f"On the predicted day: {item.description[0].lower()}{item.description[1:]}",
            encoding=replace(item.encoding, column=ahead(item.column)) if item.encoding else None,
            derived=(),
        )
        for item in _known_ahead(contract)
    )


def ahead_features(contract: Contract) -> tuple[Feature, ...]:
    """The feature of each of `ahead_fields`: its value."""
    return tuple(Feature(item.column, "today", (item.column,), 1, item.description) for item in ahead_fields(contract))


def with_known_ahead(diary: Diary, contract: Contract, horizon: int) -> Diary:
    """`diary` with the columns of `ahead_fields`, from the row `horizon` days later of the same participant.

    Null where the diary lacks that day. A prediction for the same day needs none of them.
    """
    known = {} if horizon == 0 else {item.column: diary.columns.get(item.column) for item in _known_ahead(contract)}
    added = {ahead(name): on_target_day(diary, values, horizon) for name, values in known.items() if values is not None}
    return replace(diary, columns={**diary.columns, **added}) if added else diary


def ahead_cleaning(cleaning: Cleaning, contract: Contract) -> Cleaning:
    """`cleaning` with its rules for the columns of `ahead_fields`, where all that a rule reads is known ahead."""
    names = {item.column: ahead(item.column) for item in _known_ahead(contract)}
    static = {item.column for item in contract.fields if item.role == "static"}
    clips = tuple(replace(clip, field=names[clip.field]) for clip in cleaning.clips if clip.field in names)
    rules = tuple(
        _renamed(rule, names)
        for rule in cleaning.contradictions
        if names.keys() & rule.columns and rule.columns <= names.keys() | static
    )
    return Cleaning((*cleaning.clips, *clips), (*cleaning.contradictions, *rules))


def _known_ahead(contract: Contract) -> tuple[Field, ...]:
    return tuple(item for item in contract.fields if item.role == "known_ahead" and item.numeric)


def _renamed(rule: Contradiction, names: dict[str, str]) -> Contradiction:
    def renamed(columns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(names.get(column, column) for column in columns)

    when = tuple(Condition(renamed(each.columns), each.comparison, each.value) for each in rule.when)
    return Contradiction(ahead(rule.name), when, renamed(rule.nulled), rule.description)
