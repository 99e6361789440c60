"""The definition of the predicted outcome: what an attack is, and the days on which it is predicted.

Training, the bundle, the service and monitoring share these definitions. Not here: the labels computed from them
(`core.features.labels`), the horizon, which is a separate number of days. This module needs only NumPy, because the
service imports it.
"""

import difflib
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from annotated_types import Interval as Range
from annotated_types import Unit, doc

from migraine_assets.core.contract import ATTACK, DURATION, SEVERITY, Contract, Field
from migraine_assets.core.features.daily import Quantity
from migraine_assets.errors import ConfigurationError

Window = Literal["day", "any"]

# The quantity that states whether a day is an attack day, if no field of the contract does.
DEFINED = "defined_attack"
# Fields that only attack days have. A day without an attack never meets a definition with one of them.
_OF_ATTACKS = (SEVERITY, DURATION)
MOST_FREE_DAYS = 14


@dataclass(frozen=True)
class AttackDefinition:
    """The definition of an attack day.

    A day is an attack day if its `field` is at least `at_least`, or is one of `values`; a flag must be 1. With
    `free_days`, only the first day of an attack counts, after that number of days that are known to have no attack.
    """

    field: Annotated[str, doc("The field of the diary that defines an attack, including custom fields.")] = ATTACK
    at_least: Annotated[float | None, doc("An attack day has this value or more; null for a flag, or with values.")] = (
        None
    )
    values: Annotated[tuple[float | str, ...], doc("An attack day has one of these values.")] = ()
    free_days: Annotated[
        int,
        Range(ge=0, le=MOST_FREE_DAYS),
        Unit("days"),
        doc("Predict only the first day of an attack, after at least this many days without one; 0: every attack day."),
    ] = 0

    @property
    def plain(self) -> bool:
        """Whether an attack day is a day with the outcome of the contract, `migraine_occurrence`."""
        return self.column == ATTACK

    @property
    def column(self) -> str:
        """The diary column, or the quantity of a day, that is 1 on an attack day and 0 on other days."""
        return ATTACK if self == AttackDefinition(free_days=self.free_days) else DEFINED

    def quantity(self, contract: Contract) -> Quantity | None:
        """Return the quantity that computes `column`; None for the outcome of the contract."""
        if self.plain:
            return None
        item = contract.by_name[self.field]
        columns = (ATTACK, item.column) if self.field in _OF_ATTACKS else (item.column,)
        text = f"{self.day()[0].upper()}{self.day()[1:]}."
        if self.at_least is not None:
            return Quantity(DEFINED, "at_least", columns, text, {"value": self.at_least})
        numbers = _numbers(item, self.values) if self.values else (1.0,)
        return Quantity(DEFINED, "among", columns, text, {str(k): number for k, number in enumerate(numbers)})

    def day(self) -> str:
        """Describe an attack day in words, without `free_days`."""
        if self.plain:
            return "an attack"
        what = "an attack with" if self.field in _OF_ATTACKS else "a day with"
        if self.at_least is not None:
            return f"{what} {self.field} of at least {self.at_least:g}"
        values = [f"{value:g}" if isinstance(value, float) else value for value in self.values] or ["1"]
        return f"{what} {self.field} = {' or '.join(values)}"

    def words(self) -> str:
        """Describe an attack in words, for example "an attack with migraine_severity of at least 5"."""
        if not self.free_days:
            return self.day()
        days = "1 day" if self.free_days == 1 else f"{self.free_days} days"
        return f"{self.day()}, after at least {days} without one"


@dataclass(frozen=True)
class OutcomeDefinition:
    """The predicted outcome.

    `window`: "day" for an attack on the day `horizon` days later, "any" for one on any of the next `horizon` days.
    """

    attack: AttackDefinition = field(default_factory=AttackDefinition)
    window: Window = "day"

    @property
    def default(self) -> bool:
        """Whether this is the outcome of the contract on one day."""
        return self == OutcomeDefinition()


def described(outcome: OutcomeDefinition, *, horizon: int) -> str:
    """Describe the outcome in a sentence, for example "An attack on any of the next 3 days."."""
    words = outcome.attack.words()
    when = {0: "on the day itself", 1: "on the next day"}.get(horizon, f"on the day {horizon} days later")
    if outcome.window == "any" and horizon > 1:
        when = f"on any of the next {horizon} days"
    return f"{words[0].upper()}{words[1:]}, {when}." if "," in words else f"{words[0].upper()}{words[1:]} {when}."


def checked(definition: AttackDefinition, contract: Contract) -> AttackDefinition:
    """Return `definition`. Raises `ConfigurationError` if its attack days cannot be computed from `contract`."""
    item = contract.by_name.get(definition.field)
    if item is None:
        close = difflib.get_close_matches(definition.field, contract.names(), 1)
        raise _wrong(definition, f"there is no such field{f'; did you mean {close[0]}' if close else ''}")
    if item.role in ("key", "static") or not item.numeric:
        raise _wrong(definition, "it does not change from day to day")
    if definition.at_least is not None and definition.values:
        raise _wrong(definition, "at_least and values exclude each other")
    if item.kind == "number" and definition.at_least is None and not definition.values:
        raise _wrong(definition, "it is a number: state at_least or values")
    if item.kind != "number" and definition.at_least is not None:
        raise _wrong(definition, f"it is a {item.kind}: at_least is for numbers")
    if item.kind == "category" and not definition.values:
        raise _wrong(definition, f"state as values which of {', '.join(item.categories)} are an attack")
    _check_reached(definition, item)
    return definition


def with_outcome(contract: Contract, definition: AttackDefinition) -> Contract:
    """Return `contract` with the field of `definition` as a consequence of the attack.

    A prediction for the same day then does not use it, like the outcome.
    """
    item = contract.by_name[definition.field]
    return contract if item.role == "outcome" else contract.updated((replace(item, consequence=True),))


def _check_reached(definition: AttackDefinition, item: Field) -> None:
    least, low, high = definition.at_least, item.low, item.high
    for number in _numbers(item, definition.values) if least is None else (least,):
        if not item.encoding and ((low is not None and number < low) or (high is not None and number > high)):
            raise _wrong(definition, f"{number:g} is outside of its bounds, {low} to {high}")
    if least is not None and least == low and definition.field not in _OF_ATTACKS:
        raise _wrong(definition, f"{least:g} is its lowest value, so that every day would have an attack")


def _numbers(item: Field, values: tuple[float | str, ...]) -> tuple[float, ...]:
    """Return the numbers of `values` in the column of `item`. Raises `ConfigurationError` for an unknown value."""
    known = dict(item.encoding.numbers) if item.encoding else {}
    numbers = tuple(known.get(str(value)) if known else _number(value) for value in values)
    if None in numbers:
        wrong = values[numbers.index(None)]
        raise ConfigurationError(
            f"outcome.attack.values names {wrong!r}, which the field '{item.name}' cannot have. "
            f"{'Its categories are ' + ', '.join(known) if known else 'Its values are numbers'}."
        )
    return tuple(number for number in numbers if number is not None)


def _number(value: float | str) -> float | None:
    return None if isinstance(value, str) else float(value)


def _wrong(definition: AttackDefinition, reason: str) -> ConfigurationError:
    return ConfigurationError(f"outcome.attack cannot use the field '{definition.field}': {reason}.")
