"""The kept days of all owners, for training, for the outcomes of predicted days, and for the detection of new days.

The ids of participants are keyed hashes. Not here: the diaries of one owner (`stores.diaries.diaries`), the frame of
all days (`sources.service`).
"""

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass

from migraine_assets.stores.diaries.database import Database, Row
from migraine_assets.stores.diaries.day import Values, decode_day
from migraine_assets.stores.diaries.schema import version_of
from migraine_assets.stores.diaries.statements import PROFILE

# A time after all others, which selects the current values.
NOW = 2**62
# Number of participants that are read together.
PAGE = 200


@dataclass(frozen=True)
class DiaryDay:
    """A day of a participant, with the values of the profile for fields that the day does not have.

    `participant`: the keyed hash, and the owner if it has a name. `day`: days since 1970-01-01.
    """

    participant: str
    day: int
    values: Values


@dataclass(frozen=True)
class WrittenDay:
    """One version of a day. `participant`: the keyed hash. `written`: its time in microseconds since 1970."""

    participant: str
    day: int
    written: int
    values: Values


@dataclass(frozen=True)
class Extent:
    """The numbers of kept days and participants, and the time of the last change (microseconds since 1970)."""

    days: int
    participants: int
    written: int


def days_at(database: Database, *, moment: int = NOW) -> Iterator[DiaryDay]:
    """Yield every day as it was known at `moment` (microseconds since 1970), by participant and day.

    Days that have been deleted since are not included.
    """
    if not version_of(database):
        return
    # Use the same moment for all pages, even if days are written in between.
    moment = min(moment, database.execute("SELECT MAX(written) FROM diary_days")[0][0] or 0)
    last: tuple[str, str] | None = ("", "")
    while last is not None:
        page = database.execute(_PAGE, (*last, last[0], PAGE))
        if page:
            rows = database.execute(_AT, (page[0][0], page[-1][0], moment, page[0][0], page[-1][0], moment, moment))
            yield from _days(rows, {(participant, owner) for participant, owner in page})
        last = (page[-1][0], page[-1][1]) if len(page) == PAGE else None


def _days(rows: Iterable[Row], known: Set[tuple[str, str]]) -> Iterator[DiaryDay]:
    """Yield the days in `rows`, which are sorted, so that the profile of a participant precedes the days."""
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
    """Return the `participant_id` of a kept diary in training data: the keyed hash, and the owner if it has a name."""
    return f"{participant}@{owner}" if owner else participant


def days_written(database: Database, *, first: int, end: int) -> list[WrittenDay]:
    """Return the versions of days that were written from `first` until before `end` (microseconds since 1970).

    A participant id that several owners use is left out, because its predictions cannot be assigned to one of them.
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
    """Return the numbers of kept days and participants, and the time of the last change."""
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
