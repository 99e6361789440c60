"""Tables as Arrow IPC and Parquet, in and out."""

import datetime as dt
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from migraine_assets.stores.bundles.provenance import BundleProvenance, add_provenance
from migraine_assets_tests.support.hostile_tables import deep_schema
from migraine_assets_tests.support.waiting import eventually
from migraine_assets_tests.unit.serving.trained import fresh_store, history, running, trained
from serving.input.arrow_files import BINARY, FILE, MEDIA_TYPES, PARQUET, STREAM


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("tables")
    store = fresh_store(folder)
    # The answers of the severity model carry the warning, in both forms.
    add_provenance(store, trained()[1]["severity"], BundleProvenance(simulated=True))
    with running(store, folder, max_batch_rows=500) as (connected, _):
        yield connected


def packed(table: pa.Table, kind: str) -> bytes:
    sink = pa.BufferOutputStream()
    if kind == PARQUET:
        pq.write_table(table, sink)
    else:
        with (pa.ipc.new_stream if kind == STREAM else pa.ipc.new_file)(sink, table.schema) as writer:
            writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


def unpacked(content: bytes, kind: str) -> list[dict[str, Any]]:
    if kind == PARQUET:
        return list(pq.read_table(io.BytesIO(content)).to_pylist())
    return list((pa.ipc.open_stream if kind == STREAM else pa.ipc.open_file)(content).read_all().to_pylist())


def post(client: httpx.Client, table: pa.Table, kind: str = STREAM, query: str = "") -> httpx.Response:
    return client.post(f"/predict/batch{query}", content=packed(table, kind), headers={"content-type": kind})


def rows(client: httpx.Client, columns: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
    response = post(client, pa.table(columns), query=query)
    assert response.status_code == 200, response.text
    return unpacked(response.content, STREAM)


def diary(*names: str) -> pa.Table:
    histories = {name: history(12 + k) for k, name in enumerate(names)}
    days = [{**day, "participant_id": name} for name, days in histories.items() for day in days]
    table = pa.Table.from_pylist(days)
    return table.set_column(table.column_names.index("date"), "date", table.column("date").cast(pa.date32()))


@pytest.mark.parametrize("kind", MEDIA_TYPES)
def test_a_table_gets_the_same_predictions_as_json(client: httpx.Client, kind: str) -> None:
    response = post(client, diary("b", "a"), kind)
    assert response.headers["content-type"] == kind
    predictions = unpacked(response.content, kind)
    assert [row["participant_id"] for row in predictions] == ["b", "a"]
    for row, length in zip(predictions, (12, 13), strict=True):
        alone = client.post("/predict", json={"participant_id": "p", "entries": history(length)}).json()
        assert row["probability"] == pytest.approx(alone["attack"]["probability"], abs=1e-6)
        assert row["severity"] == pytest.approx(alone["severity"]["expected"], abs=1e-5)
        assert (row["risk_band"], str(row["for_date"])) == (
            alone["attack"]["risk_band"],
            alone["for_date"],
        )
        assert row["relative_to_usual"] == pytest.approx(alone["attack"]["relative_to_usual"]["ratio"], rel=1e-5)
        assert row["attack_bundle"] == alone["model"]["attack"]["bundle"]
        assert row["warnings"] == [warning["code"] for warning in alone["warnings"]] == ["simulated_model"]
        assert row["error"] is None


def test_rows_may_be_in_any_order(client: httpx.Client) -> None:
    table = diary("a")
    backwards = table.take(list(range(table.num_rows))[::-1])
    (forward,), (reverse,) = (unpacked(post(client, t).content, STREAM) for t in (table, backwards))
    assert forward["probability"] == reverse["probability"]


@pytest.mark.parametrize("nameless", ["", None])
def test_a_row_without_a_name_is_a_participant_of_its_own(client: httpx.Client, nameless: str | None) -> None:
    """This holds at any position in the table, and after any name."""
    table = diary("a", "b")
    nameless_row = table.slice(3, 1).set_column(
        table.column_names.index("participant_id"), "participant_id", pa.array([nameless], pa.string())
    )
    predictions = unpacked(post(client, pa.concat_tables([nameless_row, table, nameless_row])).content, STREAM)
    assert [row["participant_id"] for row in predictions] == [None, "a", "b", None]
    assert [bool(row["error"]) for row in predictions] == [True, False, False, True]
    plain = unpacked(post(client, table).content, STREAM)
    assert [row["probability"] for row in predictions[1:3]] == [row["probability"] for row in plain]


def test_an_error_of_one_participant_does_not_affect_the_others(client: httpx.Client) -> None:
    """One bad day turns all predictions of its participant into errors. The others keep theirs, in table order."""
    table = diary("c", "a", "b")
    sleep, first_of_a = table.column("sleep_hours").to_pylist(), 12
    sleep[first_of_a] = 99.0
    broken = table.set_column(table.column_names.index("sleep_hours"), "sleep_hours", pa.array(sleep, pa.float64()))
    for query in ("", "?rows=all"):
        predictions = unpacked(post(client, broken, query=query).content, STREAM)
        plain = unpacked(post(client, table, query=query).content, STREAM)
        for row, other in zip(predictions, plain, strict=True):
            assert row["participant_id"] == other["participant_id"]
            assert (row["error"] is None) is (row["participant_id"] != "a")
            assert row["probability"] == (None if row["participant_id"] == "a" else other["probability"])


@pytest.mark.parametrize("kind", MEDIA_TYPES)
def test_the_format_of_an_unnamed_table_is_recognized(client: httpx.Client, kind: str) -> None:
    for query in ("", "?rows=all"):
        expected = unpacked(post(client, diary("a"), kind, query).content, kind)
        response = client.post(
            f"/predict/table{query}", content=packed(diary("a"), kind), headers={"content-type": BINARY}
        )
        assert response.headers["content-type"] == BINARY
        assert [row["probability"] for row in unpacked(response.content, kind)] == [
            row["probability"] for row in expected
        ]


def test_what_is_no_table_is_refused(client: httpx.Client) -> None:
    for content in (b"", b"no table", b"PAR1", b"ARROW1"):
        response = client.post("/predict/table", content=content, headers={"content-type": BINARY})
        assert response.status_code == 400, response.text
        assert response.json()["type"] == "urn:migraine:problem:unreadable-table"
    assert client.post("/predict/table", json={}).status_code == 415


def test_with_rows_all_every_row_is_predicted_as_if_it_were_the_newest(client: httpx.Client) -> None:
    predictions = unpacked(post(client, diary("a", "b"), query="?rows=all").content, STREAM)
    assert [row["participant_id"] for row in predictions] == ["a"] * 12 + ["b"] * 13
    assert [row["abstained"] for row in predictions[:2]] == [True, True]
    earlier = history(13)[:10]
    alone = client.post("/predict", json={"entries": earlier}).json()
    assert predictions[12 + 9]["probability"] == pytest.approx(alone["attack"]["probability"], abs=1e-6)


def test_without_names_and_dates_every_row_is_a_participant(client: httpx.Client) -> None:
    predictions = rows(client, {"stress_level": [3, None, 5], "fatigue": [True, False, None], "sex": ["F", None, "M"]})
    assert len(predictions) == 3
    assert all(row["abstained"] and row["participant_id"] is None for row in predictions)


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"stress_level": [3, 99]}, "stress_level is out of bounds"),
        ({"fatigue": [1.0, 0.5]}, "fatigue is out of bounds"),
        ({"sex": ["F", "x'; DROP"]}, "sex is not one of"),
        ({"migraine_severity": [None, 5.0]}, "contradicts"),
        ({"participant_id": ["a", "b c"], "age": [30, 30]}, "participant_id does not"),
        ({"date": [dt.date(2020, 1, 1), None], "age": [30, 30]}, "date is missing"),
        ({"date": [dt.date(2020, 1, 1), dt.date(2999, 1, 1)], "age": [30, 30]}, "in the future"),
        ({"age": [30.0, float("inf")]}, "age is out of bounds"),
    ],
)
def test_a_bad_row_is_an_error_of_its_participant_only(client: httpx.Client, columns: dict[str, Any], why: str) -> None:
    good, bad = rows(client, columns)
    assert good["error"] is None
    assert why in bad["error"]
    assert bad["probability"] is None
    assert "DROP" not in bad["error"]


def test_a_duplicate_day_is_an_error_of_its_participant(client: httpx.Client) -> None:
    day = dt.date(2020, 1, 1)
    predictions = rows(client, {"participant_id": ["a", "b", "a"], "date": [day] * 3, "age": [30, 30, 31]})
    assert [bool(row["error"]) for row in predictions] == [True, False]


@pytest.mark.parametrize(
    ("columns", "path"),
    [
        ({"phase_of_the_moon": [1]}, "$.phase_of_the_moon"),
        ({"stress_level": ["three"]}, "$.stress_level"),
        ({"sex": [1]}, "$.sex"),
        ({"date": ["soon"]}, "$.date"),
        ({"participant_id": [b"x"]}, "$.participant_id"),
    ],
)
def test_an_invalid_column_refuses_the_whole_table(client: httpx.Client, columns: dict[str, Any], path: str) -> None:
    response = post(client, pa.table(columns))
    assert response.status_code == 422
    assert response.json()["errors"][0]["path"] == path


@pytest.mark.parametrize("kind", MEDIA_TYPES)
@pytest.mark.parametrize("content", [b"", b"nonsense", b"PAR1" * 9])
def test_a_body_that_is_not_a_table_is_refused(client: httpx.Client, kind: str, content: bytes) -> None:
    response = client.post("/predict/batch", content=content, headers={"content-type": kind})
    assert (response.status_code, response.json()["type"]) == (400, "urn:migraine:problem:unreadable-table")


@pytest.mark.parametrize("kind", MEDIA_TYPES)
def test_a_truncated_table_is_refused(client: httpx.Client, kind: str) -> None:
    content = packed(diary("a"), kind)
    response = client.post("/predict/batch", content=content[: len(content) // 2], headers={"content-type": kind})
    assert response.status_code == 400


@pytest.mark.parametrize("kind", MEDIA_TYPES)
def test_too_many_rows_are_refused_before_they_are_computed(client: httpx.Client, kind: str) -> None:
    response = post(client, pa.table({"age": [30] * 501}), kind)
    assert (response.status_code, response.json()["type"]) == (413, "urn:migraine:problem:too-large")


def test_an_empty_table_and_an_unknown_parameter_are_refused(client: httpx.Client) -> None:
    assert post(client, pa.table({"age": pa.array([], pa.float64())})).status_code == 400
    assert post(client, pa.table({"age": [30]}), query="?rows=some").status_code == 400


def test_the_arrow_file_format_is_not_accepted_as_a_stream(client: httpx.Client) -> None:
    content = packed(diary("a"), FILE)
    assert client.post("/predict/batch", content=content, headers={"content-type": STREAM}).status_code == 400


def test_a_table_that_kills_the_decoder_is_refused_and_counted(client: httpx.Client) -> None:
    """The service continues, and the next table is decoded."""

    def deaths() -> float:
        lines = client.get("/metrics").text.splitlines()
        return float(next(line for line in lines if line.startswith("migraine_table_worker_deaths_total ")).split()[1])

    before = deaths()
    response = client.post("/predict/batch", content=deep_schema(40_000), headers={"content-type": PARQUET})
    assert (response.status_code, response.json()["type"]) == (422, "urn:migraine:problem:undecodable-table")
    assert deaths() == before + 1
    assert post(client, diary("a")).status_code == 200


def test_a_table_is_given_up_at_the_deadline_and_when_its_client_leaves(tmp_path: Path) -> None:
    """The test suspends the decoder, so that no answer ever comes."""
    with running(fresh_store(tmp_path), tmp_path, request_timeout=2.0) as (client, services):

        def stop_the_decoder() -> None:
            assert eventually(lambda: post(client, diary("a")).status_code == 200)
            assert services.tables.worker is not None
            psutil.Process(services.tables.worker.pid).suspend()

        stop_the_decoder()
        late = post(client, diary("a"))
        assert (late.status_code, late.json()["type"]) == (503, "urn:migraine:problem:overloaded")
        assert late.headers["Retry-After"]
        stop_the_decoder()
        with httpx.Client(base_url=client.base_url, timeout=0.3) as impatient, pytest.raises(httpx.ReadTimeout):
            post(impatient, diary("a"))
        assert eventually(lambda: 'migraine_dropped_jobs_total{reason="client"} 1.0' in client.get("/metrics").text)
        assert eventually(lambda: post(client, diary("a")).status_code == 200)


def test_memory_of_tables_is_released_when_no_other_table_comes(tmp_path: Path) -> None:
    """It is not released at once, because the next table is faster with it."""
    participants = 100_000
    table = pa.table({"participant_id": [f"p{k}" for k in range(participants)], "stress_level": [5.0] * participants})
    with running(fresh_store(tmp_path), tmp_path) as (client, services):
        for _ in range(3):
            assert post(client, table).status_code == 200
        services.prediction_log.flush()
        taken = resident()
        assert not services.table_memory.tick()
        assert services.table_memory.tick(seconds=0)
        assert resident() < taken - 20
        assert not services.table_memory.tick(seconds=0)
        assert post(client, table).status_code == 200
        assert services.table_memory.kept
        assert eventually(lambda: not services.table_memory.kept)


def resident() -> float:
    """Return the resident memory of this process in MiB."""
    return float(psutil.Process().memory_info().rss / 2**20)
