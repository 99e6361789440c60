"""The diaries that the service keeps: reading and changing the diaries of one owner.

An owner is a named API key. Every function takes the owner and treats the diaries of other owners as if they did not
exist. Not here: HTTP (`serving.api.diaries`), reading the days of all owners for training and monitoring
(`stores.diaries.history`), erasing a participant for all owners (`stores.diaries.erasure`).
"""

import datetime as dt
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from migraine_assets.errors import StoreError
from migraine_assets.stores.diaries import statements
from migraine_assets.stores.diaries.database import Database, Row, Session
from migraine_assets.stores.diaries.day import Value, Values, decode_day, decode_days, encode_day, merged
from migraine_assets.stores.diaries.names import Names
from migraine_assets.stores.diaries.schema import migrate
from migraine_assets.stores.diaries.statements import PROFILE

EPOCH = dt.date(1970, 1, 1).toordinal()
# Maximum number of earlier versions of a day; after that, the oldest is deleted.
MOST_VERSIONS = 100

Changes = Mapping[str, Value | bool | None]
Check = Callable[[Values], object]


class LimitReached(StoreError):
    """The diary has the maximum number of days, or the owner the maximum number of participants."""

    http_status = 409


@dataclass(frozen=True)
class Limits:
    """The maximum number of days of a participant, and of participants of an owner."""

    days: int
    participants: int


class KeptDay(msgspec.Struct, frozen=True, gc=False):
    """The known values of one day. `day`: days since 1970-01-01."""

    day: int
    values: Values


@dataclass(frozen=True)
class StoredDiary:
    """The diary of a participant: the number of days, and the first and last day (days since 1970-01-01)."""

    participant: str
    days: int
    first: int | None
    last: int | None


class Diaries:
    """The diaries in `database`. `clock` returns seconds since 1970.

    The first access creates or upgrades the tables. Every method raises `StoreError` if the database fails.
    """

    def __init__(
        self, database: Database, *, secret: bytes, limits: Limits, clock: Callable[[], float] = time.time
    ) -> None:
        self.database, self.names = database, Names(secret)
        self._limits, self._clock = limits, clock
        self._ready, self._preparing = False, threading.Lock()

    def put(self, owner: str, participant: str, day: int, changes: Changes, *, check: Check) -> Values:
        """Merge `changes` into a day, which is created if it is missing, and return its values.

        None removes a value. `check` is called with the merged values and those of the profile; if it raises, nothing
        is changed. When this method returns, the day is on the disk. Repeating a call changes nothing. Raises
        `LimitReached` if the diary or the owner is at its limit.
        """
        self.prepare()
        key = self.names.pseudonym(participant)
        with self.database.transaction(key) as session:
            rows = session.execute(statements.ONE_DAY, (key, owner, day))
            before = decode_day(rows[0][0]) if rows else {}
            after = merged(before, changes)
            check({**self._profile(session, key, owner), **after})
            if not rows:
                self._insert(session, owner, participant, day, after)
            elif after != before:
                self._update(session, (key, owner, day), rows[0], encode_day(after))
        return after

    def recent(self, owner: str, participant: str, *, last: int, count: int) -> tuple[list[KeptDay], Values]:
        """Return the newest `count` days up to day `last`, oldest first, and the profile; empty without a diary.

        This is one query by the primary key, so its time does not depend on the length of the diary.
        """
        self.prepare()
        key = self.names.pseudonym(participant)
        rows = self.database.execute(statements.RECENT, (key, owner, PROFILE, last, count, key, owner, PROFILE))
        days = _decoded(sorted(rows))
        profile = days.pop(0).values if days and days[0].day == PROFILE else {}
        return days, profile

    def days(self, owner: str, participant: str, *, first: int, last: int) -> list[KeptDay] | None:
        """Return the days from `first` to `last`, oldest first; None if the participant has no diary."""
        self.prepare()
        key = self.names.pseudonym(participant)
        rows = self.database.execute(statements.DAYS, (key, owner, first, last))
        if not rows and not self.database.execute(statements.KNOWN, (key, owner)):
            return None
        return _decoded(rows)

    def delete_day(self, owner: str, participant: str, day: int) -> bool:
        """Delete a day and its earlier versions. Return False if there is none."""
        self.prepare()
        key = self.names.pseudonym(participant)
        with self.database.transaction(key) as session:
            if not session.execute(statements.ONE_DAY, (key, owner, day)):
                return False
            session.execute(f"{statements.DELETE_DAYS} AND day = ?", (key, owner, day))
            session.execute(f"{statements.DELETE_VERSIONS} AND day = ?", (key, owner, day))
            if not session.execute(statements.COUNT, (key, owner))[0][0]:
                session.execute(statements.DELETE_PARTICIPANT, (key, owner))
        return True

    def delete(self, owner: str, participant: str, *, days_only: bool = False) -> bool:
        """Delete a diary and the earlier versions of its days. Return False if there is none.

        `days_only`: keep the values that do not change from day to day.
        """
        self.prepare()
        key = self.names.pseudonym(participant)
        with self.database.transaction(key) as session:
            if not session.execute(statements.KNOWN, (key, owner)):
                return False
            bound = f" AND day > {PROFILE}" if days_only else ""
            session.execute(f"{statements.DELETE_DAYS}{bound}", (key, owner))
            session.execute(f"{statements.DELETE_VERSIONS}{bound}", (key, owner))
            if not session.execute(statements.COUNT, (key, owner))[0][0]:
                session.execute(statements.DELETE_PARTICIPANT, (key, owner))
        return True

    def participants(self, owner: str, *, after: str, count: int) -> tuple[list[StoredDiary], str | None]:
        """Return at most `count` participants of `owner`, and the value of `after` for the next ones, or None."""
        self.prepare()
        rows = self.database.execute(statements.PARTICIPANTS, (owner, after, count + 1))
        diaries = [
            StoredDiary(self.names.open(bytes(name), owner=owner), *self._extent(key, owner))
            for key, name in rows[:count]
        ]
        return diaries, rows[count - 1][0] if len(rows) > count else None

    def names_of(self, owner: str, pseudonyms: Sequence[str]) -> dict[str, str]:
        """Return the ids that the owner uses, by pseudonym. A pseudonym without a diary is left out."""
        self.prepare()
        rows = [row for key in pseudonyms for row in self.database.execute(statements.NAME, (key, owner))]
        return {key: self.names.open(bytes(sealed), owner=owner) for key, sealed in rows}

    def prepare(self) -> None:
        """Create or upgrade the tables, once. Raises `StoreError` if they were written under another secret."""
        if self._ready:
            return
        with self._preparing:
            if not self._ready:
                migrate(self.database)
                self._check_secret()
                self._ready = True

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def _check_secret(self) -> None:
        """Store the check value of the secret in a new database. Raise `StoreError` if the stored value differs."""
        if not (rows := self.database.execute(statements.SECRET)):
            with self.database.transaction("schema") as session:
                if not (rows := session.execute(statements.SECRET)):
                    session.execute(
                        "INSERT INTO diary_properties (name, content) VALUES ('secret', ?)", (self.names.check,)
                    )
        if rows and rows[0][0] != self.names.check:
            raise StoreError(
                f"The diaries in {self.database.label} were kept under another signing secret, without which their "
                "participants cannot be found. Set SERVING_SECRET to it, or restore 'serving/secret' of the store."
            )

    def _profile(self, session: Session, key: str, owner: str) -> Values:
        rows = session.execute(statements.ONE_DAY, (key, owner, PROFILE))
        return decode_day(rows[0][0]) if rows else {}

    def _insert(self, session: Session, owner: str, participant: str, day: int, values: Values) -> None:
        key, now = self.names.pseudonym(participant), self._now()
        if not session.execute(statements.KNOWN, (key, owner)):
            if session.execute("SELECT COUNT(*) FROM diary_participants WHERE owner = ?", (owner,))[0][0] >= (
                self._limits.participants
            ):
                raise LimitReached(f"The key keeps the diaries of {self._limits.participants} participants already.")
            sealed = self.names.seal(participant, owner=owner)
            session.execute("INSERT INTO diary_participants VALUES (?, ?, ?, ?)", (key, owner, sealed, now))
        elif day != PROFILE and session.execute(statements.EXTENT, (key, owner))[0][0] >= self._limits.days:
            raise LimitReached(f"The diary has {self._limits.days} days already. Delete old ones.")
        session.execute("INSERT INTO diary_days VALUES (?, ?, ?, ?, ?)", (key, owner, day, encode_day(values), now))

    def _update(self, session: Session, key: tuple[str, str, int], row: tuple[bytes, int], content: bytes) -> None:
        before, written = bytes(row[0]), row[1]
        # The times of versions differ and increase, even if the clock was set back.
        now = max(self._now(), written + 1)
        session.execute("INSERT INTO diary_versions VALUES (?, ?, ?, ?, ?, ?)", (*key, written, now, before))
        session.execute(statements.UPDATE, (content, now, *key))
        if session.execute(statements.COUNT_VERSIONS, key)[0][0] > MOST_VERSIONS:
            session.execute(statements.DELETE_OLDEST, (*key, *key))

    def _extent(self, key: str, owner: str) -> tuple[int, int | None, int | None]:
        days, first, last = self.database.execute(statements.EXTENT, (key, owner))[0]
        return days, first, last

    def _now(self) -> int:
        return int(self._clock() * 1_000_000)


def _decoded(rows: Sequence[Row]) -> list[KeptDay]:
    days, contents = [row[0] for row in rows], [row[1] for row in rows]
    return list(map(KeptDay, days, decode_days(contents)))
