"""A participant is erased from a PostgreSQL database: values are cleaned, and the tables are rewritten."""

import json
import zlib

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from migraine_assets.stores.record_erasure import Database, database_traces
from migraine_assets_tests.platform.postgres.server import Postgres

NAME = "K001"
ROW = {"records": [{"__class__": "TableRecord", "data": {"participant_id": NAME}}], "step_key": "raw_diary"}


def test_erasing_cleans_values_and_rewrites_the_tables(server: Postgres) -> None:
    server.create("erasure")
    server.query("erasure", "CREATE TABLE event_logs (id serial PRIMARY KEY, event text, body bytea)")
    server.query("erasure", "CREATE TABLE untouched (id serial PRIMARY KEY, event text)")
    server.query("erasure", "INSERT INTO untouched (event) VALUES ('K0011')")
    engine = create_engine(server.url("erasure"), poolclass=NullPool)
    with engine.begin() as connection:
        values = {"event": json.dumps(ROW), "body": zlib.compress(f"of {NAME}".encode())}
        connection.execute(text("INSERT INTO event_logs (event, body) VALUES (:event, :body)"), values)
    before = server.query("erasure", "SELECT pg_relation_filepath('event_logs')")
    databases = [Database("erasure", server.url("erasure"))]

    listed = list(database_traces(databases, NAME, write=False))
    assert [(trace.path, trace.count) for trace in listed] == [("erasure event_logs", 2)]
    assert list(database_traces(databases, NAME, write=True)) == listed
    ((event, body),) = server.query("erasure", "SELECT event, body FROM event_logs")
    assert json.loads(str(event)) == {"records": [], "step_key": "raw_diary"}
    assert zlib.decompress(bytes(body)) == b"of [erased]"  # type: ignore[call-overload]
    assert server.query("erasure", "SELECT pg_relation_filepath('event_logs')") != before, (
        "VACUUM FULL writes a new file"
    )
    server.query("erasure", "CHECKPOINT")
    (path,) = (row[0] for row in server.query("erasure", "SELECT pg_relation_filepath('event_logs')"))
    assert NAME.encode() not in (server.data / str(path)).read_bytes()
    assert server.query("erasure", "SELECT event FROM untouched") == [("K0011",)]
    assert list(database_traces(databases, NAME, write=True)) == []
