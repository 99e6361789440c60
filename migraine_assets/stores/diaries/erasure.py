"""Erasure of a participant from the kept diaries of all owners.

Not here: deleting a diary over HTTP (`stores.diaries.diaries`), the other traces (`stores.erasure`).
"""

from migraine_assets.stores.diaries.database import Database
from migraine_assets.stores.diaries.schema import version_of

# Days first: a participant without days is nobody, and days without a participant could not be found.
_TABLES = ("diary_versions", "diary_days", "diary_participants")


def count_rows(database: Database, pseudonym: str) -> dict[str, int]:
    """The number of rows of the participant with this keyed hash, by table; tables without any are left out."""
    if not version_of(database):
        return {}
    counts = {
        table: int(database.execute(f"SELECT COUNT(*) FROM {table} WHERE participant = ?", (pseudonym,))[0][0])
        for table in _TABLES
    }
    return {table: count for table, count in counts.items() if count}


def erase_rows(database: Database, pseudonym: str) -> None:
    """Delete the participant's rows, and give their space back so that no byte of them is left in the files."""
    if not version_of(database):
        return
    with database.transaction(pseudonym) as session:
        for table in _TABLES:
            session.execute(f"DELETE FROM {table} WHERE participant = ?", (pseudonym,))
    database.purge(_TABLES)
