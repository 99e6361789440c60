"""The SQL statements on the diary of one participant and owner.

Not here: the tables (`stores.diaries.schema`), statements on all diaries (`stores.diaries.history`).
"""

# Values that do not change from day to day are stored as the values of this day, which no diary can contain.
PROFILE = 0

OF_DAY = "participant = ? AND owner = ? AND day = ?"
OF = "participant = ? AND owner = ?"
ONE_DAY = f"SELECT content, written FROM diary_days WHERE {OF_DAY}"
RECENT = (
    f"SELECT day, content FROM (SELECT day, content FROM diary_days WHERE {OF} AND day > ? AND day <= ? "
    f"ORDER BY day DESC LIMIT ?) AS newest UNION ALL SELECT day, content FROM diary_days WHERE {OF_DAY}"
)
DAYS = f"SELECT day, content FROM diary_days WHERE {OF} AND day BETWEEN ? AND ? ORDER BY day"
KNOWN = f"SELECT 1 FROM diary_participants WHERE {OF}"
NAME = f"SELECT participant, name FROM diary_participants WHERE {OF}"
COUNT = f"SELECT COUNT(*) FROM diary_days WHERE {OF}"
EXTENT = f"SELECT COUNT(*), MIN(day), MAX(day) FROM diary_days WHERE {OF} AND day > {PROFILE}"
UPDATE = f"UPDATE diary_days SET content = ?, written = ? WHERE {OF_DAY}"
COUNT_VERSIONS = f"SELECT COUNT(*) FROM diary_versions WHERE {OF_DAY}"
DELETE_OLDEST = (
    f"DELETE FROM diary_versions WHERE {OF_DAY} AND written = (SELECT MIN(written) FROM diary_versions WHERE {OF_DAY})"
)
DELETE_DAYS = f"DELETE FROM diary_days WHERE {OF}"
DELETE_VERSIONS = f"DELETE FROM diary_versions WHERE {OF}"
DELETE_PARTICIPANT = f"DELETE FROM diary_participants WHERE {OF}"
PARTICIPANTS = (
    "SELECT participant, name FROM diary_participants WHERE owner = ? AND participant > ? ORDER BY participant LIMIT ?"
)
SECRET = "SELECT content FROM diary_properties WHERE name = 'secret'"
