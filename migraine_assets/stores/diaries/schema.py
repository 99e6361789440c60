"""The tables of the diaries that the service keeps, and the migrations that create and change them.

    diary_participants    the keyed hash, owner (name of the API key) and encrypted id of each participant
    diary_days            the current values of each day, and the time when they were written
    diary_versions        earlier values of changed days, and the time when they were replaced
    diary_schema          the version of the tables
    diary_properties      the check value of the secret

Day 0 has the values that do not change from day to day (age, sex). Times are microseconds since 1970. To change the
tables, add an element to `MIGRATIONS`; never change a released one. Not here: connections (`stores.diaries.sqlite`,
`stores.diaries.postgres`).
"""

from migraine_assets.errors import StoreError
from migraine_assets.stores.diaries.database import Database, Session

TABLES = ("diary_participants", "diary_days", "diary_versions", "diary_properties", "diary_schema")

_FIRST = (
    """CREATE TABLE diary_participants (
        participant TEXT NOT NULL, owner TEXT NOT NULL, name {bytes} NOT NULL, created BIGINT NOT NULL,
        PRIMARY KEY (participant, owner)
    ){clustered}""",
    "CREATE INDEX diary_participants_owner ON diary_participants (owner, participant)",
    """CREATE TABLE diary_days (
        participant TEXT NOT NULL, owner TEXT NOT NULL, day INTEGER NOT NULL, content {bytes} NOT NULL,
        written BIGINT NOT NULL, PRIMARY KEY (participant, owner, day)
    ){clustered}""",
    "CREATE INDEX diary_days_written ON diary_days (written)",
    """CREATE TABLE diary_versions (
        participant TEXT NOT NULL, owner TEXT NOT NULL, day INTEGER NOT NULL, written BIGINT NOT NULL,
        replaced BIGINT NOT NULL, content {bytes} NOT NULL, PRIMARY KEY (participant, owner, day, written)
    ){clustered}""",
    "CREATE INDEX diary_versions_written ON diary_versions (written)",
    "CREATE TABLE diary_properties (name TEXT NOT NULL PRIMARY KEY, content TEXT NOT NULL)",
)
# The statements that upgrade each version to the next.
MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST,)
VERSION = len(MIGRATIONS)


class NewerSchema(StoreError):
    """The tables were written by a newer version of the platform."""


def migrate(database: Database) -> int:
    """Create or upgrade the tables, and return the number of applied migrations.

    Either all are applied or none, even if several processes call this at the same time. Raises `NewerSchema` for
    tables of a newer version, which remain unchanged.
    """
    if version_of(database) == VERSION:
        return 0
    with database.transaction("schema") as session:
        session.execute("CREATE TABLE IF NOT EXISTS diary_schema (version INTEGER NOT NULL)")
        before = _version(session)
        if before > VERSION:
            raise newer(database.label, before)
        for statements in MIGRATIONS[before:]:
            for statement in statements:
                session.execute(statement.format(**database.dialect))
        session.execute("DELETE FROM diary_schema")
        session.execute("INSERT INTO diary_schema (version) VALUES (?)", (VERSION,))
    return VERSION - before


def version_of(database: Database) -> int:
    """Return the version of the tables, 0 without tables. Raises `NewerSchema` for tables of a newer version."""
    if not database.has_table("diary_schema"):
        return 0
    version = _version(database)
    if version > VERSION:
        raise newer(database.label, version)
    return version


def newer(label: str, version: int) -> NewerSchema:
    """Return the error for tables of the newer version `version`."""
    return NewerSchema(
        f"The diaries in {label} have schema {version}; this version of the platform knows schema {VERSION} and leaves "
        "them unchanged. Upgrade the platform, or use another database."
    )


def _version(session: Session) -> int:
    rows = session.execute("SELECT version FROM diary_schema")
    return int(rows[0][0]) if rows else 0
