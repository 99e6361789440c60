"""Everybody's kept days: for training, for the outcomes of predicted days, and for noticing that new ones arrived.

Participants appear under their keyed hashes. Not here: the diaries of one owner (`stores.diaries.diaries`), the frame
that they become (`sources.service`).
"""

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass

from migraine_assets.stores.diaries.database import Database, Row
from migraine_assets.stores.diaries.day import Values, decode_day
from migraine_assets.stores.diaries.diaries import PROFILE
from migraine_assets.stores.diaries.schema import version_of

# A time after every other one: what is known now.
NOW = 2**62
# Participants that are read together.
PAGE = 200


@dataclass(frozen=True)
class DiaryDay:
    """A day (since 1970-01-01) of a participant, with the values of the profile where the day has none of its own.

    `participant`: the keyed hash, with the owner where the service has several.
    """

    participant: str
    day: int
    values: Values


@dataclass(frozen=True)
class WrittenDay:
    """A day as it was written at a time. `participant`: the keyed hash; `written`: microseconds since 1970."""

    participant: str
    day: int
    written: int
    values: Values


@dataclass(frozen=True)
class Extent:
    """How much is kept: days, participants, and when the last change was written (microseconds since 1970)."""

    days: int
    participants: int
    written: int


def days_at(database: Database, *, moment: int = NOW) -> Iterator[DiaryDay]:
    """Yield every day as it was known at `moment` (microseconds since 1970), by participant and day.

    Days that were deleted since are not known any more, at no moment.
    """
    if not version_of(database):
        return
    # The same moment for all pages, whatever is written in between.
    moment = min(moment, database.execute("SELECT MAX(written) FROM diary_days")[0][0] or 0)
    last: tuple[str, str] | None = ("", "")
    while last is not None:
        page = database.execute(_PAGE, (*last, last[0], PAGE))
        if page:
            rows = database.execute(_AT, (page[0][0], page[-1][0], moment, page[0][0], page[-1][0], moment, moment))
            yield from _days(rows, {(participant, owner) for participant, owner in page})
        last = (page[-1][0], page[-1][1]) if len(page) == PAGE else None


def _days(rows: Iterable[Row], known: Set[tuple[str, str]]) -> Iterator[DiaryDay]:
    """The days in `rows`, which are sorted, with the profile of each participant before the days."""
    current, profile = ("", ""), Values()
    for participant, owner, day, content in rows:
        if (participant, owner) not in known:
            continue
        if (participant, owner) != current:
            current, profile = (participant, owner), {}
        values = decode_day(content)
        if day == PROFILE:
            profile = values
        else:
            yield DiaryDay(name_of(participant, owner), day, {**profile, **values} if profile else values)


def name_of(participant: str, owner: str) -> str:
    """The `participant_id` of a kept diary in training data: its keyed hash, and the owner if it has a name."""
    return f"{participant}@{owner}" if owner else participant


def days_written(database: Database, *, first: int, end: int) -> list[WrittenDay]:
    """The days that were written from `first` until before `end` (microseconds since 1970), once for each time.

    Participants that several owners have under one name are left out: their predictions cannot be told apart.
    """
    if not version_of(database):
        return []
    ambiguous = {row[0] for row in database.execute(_AMBIGUOUS)}
    return [
        WrittenDay(participant, day, written, decode_day(content))
        for participant, day, content, written in database.execute(_WRITTEN, (first, end, first, end))
        if participant not in ambiguous
    ]


def extent(database: Database) -> Extent:
    """How much is kept."""
    if not version_of(database):
        return Extent(0, 0, 0)
    days, written = database.execute(f"SELECT COUNT(*), MAX(written) FROM diary_days WHERE day > {PROFILE}")[0]
    return Extent(days, database.execute("SELECT COUNT(*) FROM diary_participants")[0][0], written or 0)


_PAGE = (
    "SELECT participant, owner FROM diary_participants WHERE (participant = ? AND owner > ?) OR participant > ? "
    "ORDER BY participant, owner LIMIT ?"
)
_AT = (
    "SELECT participant, owner, day, content FROM diary_days WHERE participant BETWEEN ? AND ? AND written <= ? "
    "UNION ALL SELECT participant, owner, day, content FROM diary_versions "
    "WHERE participant BETWEEN ? AND ? AND written <= ? AND replaced > ? ORDER BY participant, owner, day"
)
_AMBIGUOUS = "SELECT participant FROM diary_participants GROUP BY participant HAVING COUNT(*) > 1"
_WRITTEN = (
    f"SELECT participant, day, content, written FROM diary_days WHERE day > {PROFILE} AND written >= ? AND written < ? "
    "UNION ALL SELECT participant, day, content, written FROM diary_versions "
    f"WHERE day > {PROFILE} AND written >= ? AND written < ? ORDER BY participant, day, written"
)
