"""Erasure of a participant from the kept diaries of all owners.

Not here: deleting a diary over HTTP (`stores.diaries.diaries`), the other traces (`stores.erasure`).
"""

from migraine_assets.stores.diaries.database import Database
from migraine_assets.stores.diaries.schema import version_of

# Days are deleted before participants, because days without a participant could not be found again.
_TABLES = ("diary_versions", "diary_days", "diary_participants")


def count_rows(database: Database, pseudonym: str) -> dict[str, int]:
    """Return the number of rows of the participant with this keyed hash, for each table that has any."""
    if not version_of(database):
        return {}
    counts = {
        table: int(database.execute(f"SELECT COUNT(*) FROM {table} WHERE participant = ?", (pseudonym,))[0][0])
        for table in _TABLES
    }
    return {table: count for table, count in counts.items() if count}


def erase_rows(database: Database, pseudonym: str) -> None:
    """Delete the rows of the participant, and free their space so that none of their bytes remain in the files."""
    if not version_of(database):
        return
    with database.transaction(pseudonym) as session:
        for table in _TABLES:
            session.execute(f"DELETE FROM {table} WHERE participant = ?", (pseudonym,))
    database.purge(_TABLES)
