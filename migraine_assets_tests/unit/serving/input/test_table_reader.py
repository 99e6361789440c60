"""Tables decoded by a worker that may crash without harm to the service, within a memory budget."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import psutil
import pyarrow as pa
import pytest

from migraine_assets_tests.support.hostile_tables import (
    MIB,
    compressed_zeros,
    deep_schema,
    parquet,
    shared_word,
    stream,
)
from serving.contract.problems import Refused
from serving.contract.requests import DEFAULT
from serving.input.arrow_files import PARQUET, STREAM
from serving.input.table_reader import TableReader
from serving.input.table_request import DecodedTable

ROWS, BUDGET = 200_000, 64 * MIB
# Nested deeply enough to overflow the stack of the decoder.
DEEP = 40_000
GOOD = stream(pa.table({"participant_id": ["a", "b"], "age": [30.0, None]}))


@pytest.fixture(scope="module")
def deaths() -> list[str]:
    return []


@pytest.fixture(scope="module")
def reader(deaths: list[str]) -> Iterator[TableReader]:
    opened = TableReader(budget=BUDGET, on_death=lambda: deaths.append("died"))
    yield opened
    opened.close()


def read(reader: TableReader, body: bytes, kind: str = STREAM) -> DecodedTable:
    return reader.read(body, kind, most=ROWS, schema=DEFAULT)


def refusal(reader: TableReader, body: bytes, kind: str = STREAM) -> Refused:
    with pytest.raises(Refused) as caught:
        read(reader, body, kind)
    return caught.value


def columns(values: pa.Array, name: str = "age") -> bytes:
    return stream(pa.table({name: values}))


def test_numbers_words_and_days_arrive_as_they_were_sent(reader: TableReader) -> None:
    table = pa.table(
        {
            "participant_id": pa.array(["a", None, "b", "a"]),
            "date": pa.array([0, 1, None, 3], pa.int32()).cast(pa.date32()),
            "age": pa.array([30, None, 50, 60], pa.int16()),
            "fatigue": pa.array([True, False, None, True]),
            "stress_level": pa.array([1.5, None, 3.0, 4.0], pa.float32()),
            "sleep_hours": pa.array([1, None, 3, 4]).cast(pa.decimal128(30, 2)),
            "sex": pa.array(["F", "M", None, "F"]).dictionary_encode(),
            "hydration": pa.nulls(4),
        }
    )
    for body, kind in ((stream(table), STREAM), (parquet(table), PARQUET)):
        decoded = read(reader, body, kind)
        assert (decoded.rows, decoded.columns) == (4, tuple(table.column_names))
        assert decoded.words["participant_id"][0] == ["a", "b"]
        assert decoded.words["participant_id"][1].tolist() == [0, -1, 1, 0]
        assert decoded.words["sex"][1].tolist() == [0, 1, -1, 0]
        assert decoded.day is not None
        assert decoded.day.tolist() == [0, 1, -(1 << 31), 3]
        for name, expected in (
            ("age", [30, np.nan, 50, 60]),
            ("fatigue", [1, 0, np.nan, 1]),
            ("stress_level", [1.5, np.nan, 3, 4]),
            ("sleep_hours", [1, np.nan, 3, 4]),
            ("hydration", [np.nan] * 4),
        ):
            np.testing.assert_array_equal(decoded.values[DEFAULT.index[name]], expected)


def test_a_dictionary_may_repeat_its_words_hold_nulls_and_words_without_rows(reader: TableReader) -> None:
    words = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, None, 3]), pa.array(["a", "b", "a", None, "never"]))
    known, codes = read(reader, columns(words, "participant_id")).words["participant_id"]
    assert [known[code] if code >= 0 else None for code in codes.tolist()] == ["a", "b", "a", None, None]


LARGE = pa.table({"sex": ["x" * MIB] * 80})
BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "a large page": (lambda: parquet(LARGE, compression="zstd", use_dictionary=False), PARQUET),
    "compressed zeros": (compressed_zeros, STREAM),
    "a large batch": (lambda: stream(LARGE, compression="zstd"), STREAM),
    "more rows than memory": (lambda: columns(pa.nulls(2_000_000_000)), STREAM),
    "batches without rows": (lambda: stream(pa.table({"age": pa.array([], pa.float64())}), times=20_000), STREAM),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_table_that_expands_is_too_large_and_costs_at_most_the_budget(
    reader: TableReader, deaths: list[str], name: str
) -> None:
    make, kind = BOMBS[name]
    body = make()
    assert len(body) < 4 * MIB
    read(reader, GOOD)
    died, worker = len(deaths), reader.worker
    assert worker is not None
    with peak_of(worker.pid) as peak:
        refused = refusal(reader, body, kind)
    assert (refused.http_status, refused.kind.name) == (413, "too-large")
    assert peak.growth <= BUDGET
    assert len(deaths) == died
    assert reader.worker is worker


class peak_of:
    """Measure the growth of the resident memory of a process in the block, in bytes."""

    def __init__(self, pid: int) -> None:
        self._process, self._done = psutil.Process(pid), threading.Event()
        self._before, self.growth = self._process.memory_info().rss, 0
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "peak_of":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.001):
            self.growth = max(self.growth, self._process.memory_info().rss - self._before)


def test_a_word_of_many_rows_is_not_copied_for_each_of_them(reader: TableReader) -> None:
    body = shared_word(rows=4000)
    assert len(body) < 4096
    decoded = read(reader, body, PARQUET)
    [known], codes = decoded.words["participant_id"]
    assert set(codes.tolist()) == {0}
    # Cut: no name is so long.
    assert 64 < len(known) < 1000


def test_a_table_that_kills_the_decoder_is_a_problem_of_that_table(reader: TableReader, deaths: list[str]) -> None:
    read(reader, GOOD)
    died, worker = len(deaths), reader.worker
    refused = refusal(reader, deep_schema(DEEP), PARQUET)
    assert (refused.http_status, refused.kind.name) == (422, "undecodable-table")
    assert len(deaths) == died + 1
    assert read(reader, GOOD).rows == 2
    assert reader.worker is not worker


def test_a_table_that_takes_too_much_processor_time_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    table = pa.table({"participant_id": [f"p{k}" for k in range(ROWS)], "age": [30.0] * ROWS})
    reader = TableReader(seconds=0.01)
    try:
        assert refusal(reader, stream(table)).kind.name == "undecodable-table"
    finally:
        reader.close()
    assert caplog.records[-1].__dict__["fields"] == {"exit_code": -signal.SIGPROF}


def test_many_columns_of_one_name_are_refused_quickly(reader: TableReader) -> None:
    body = stream(pa.Table.from_arrays([pa.array([1.0])] * 50_000, names=["age"] * 50_000))
    started = time.perf_counter()
    refused = refusal(reader, body)
    assert "occurs twice" in refused.detail
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("age", pa.RunEndEncodedArray.from_arrays(pa.array([2_000_000_000], pa.int32()), pa.array([1.0]))),
        ("age", pa.array([[1.0]])),
        ("age", pa.array([{"age": 1.0}])),
        ("age", pa.array([1, 1]).dictionary_encode()),
        ("age", pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0" * 16], pa.binary(16)))),
        ("sex", pa.array(["F"], pa.string_view())),
        ("sex", pa.DictionaryArray.from_arrays(pa.array([0]), pa.array([["F"]]))),
        ("sex", pa.array([b"F"])),
        ("date", pa.array([1.5])),
        ("date", pa.array(["soon"])),
    ],
    ids=str,
)
def test_a_type_that_is_not_accepted_names_its_column(reader: TableReader, name: str, values: pa.Array) -> None:
    refused = refusal(reader, columns(values, name))
    assert refused.http_status == 422
    assert refused.errors[0].path == f"$.{name}"


def test_a_damaged_table_is_refused_whatever_is_damaged(reader: TableReader) -> None:
    """The files have one byte flipped at the start or end, where their structure is, or are cut anywhere."""
    table = pa.table({"participant_id": ["a", "b", "a"], "age": [30, 40, 50], "sex": ["F", None, "M"]})
    for body, kind in ((stream(table, compression="zstd"), STREAM), (parquet(table), PARQUET)):
        for at in range(0, len(body), 7):
            damaged = body[:at] + bytes([body[at] ^ 255]) + body[at + 1 :]
            for content in (damaged, body[:at]):
                with contextlib.suppress(Refused):
                    read(reader, content, kind)
    assert read(reader, GOOD).rows == 2


class LeftError(Exception):
    pass


@pytest.mark.parametrize("error", [LeftError, Refused("overloaded", "too late")], ids=["client", "deadline"])
def test_a_table_that_is_given_up_is_not_the_answer_to_the_next_one(reader: TableReader, error: Exception) -> None:
    read(reader, GOOD)
    worker = reader.worker
    assert worker is not None
    process = psutil.Process(worker.pid)
    process.suspend()

    def stop() -> None:
        raise error

    with pytest.raises(type(error) if isinstance(error, Refused) else LeftError):
        reader.read(stream(pa.table({"age": [1.0] * 7})), STREAM, most=ROWS, schema=DEFAULT, check=stop)
    assert not process.is_running()
    assert read(reader, GOOD).rows == 2


def test_a_worker_that_was_killed_between_two_tables_is_replaced(reader: TableReader, deaths: list[str]) -> None:
    read(reader, GOOD)
    died, worker = len(deaths), reader.worker
    assert worker is not None
    process = psutil.Process(worker.pid)
    process.kill()
    psutil.wait_procs([process], timeout=10)
    assert read(reader, GOOD).rows == 2
    assert len(deaths) == died


def test_the_worker_ends_with_the_reader() -> None:
    reader = TableReader()
    read(reader, GOOD)
    assert reader.worker is not None
    process = psutil.Process(reader.worker.pid)
    reader.close()
    assert not process.is_running()
    reader.close()


def test_the_worker_holds_no_secret_and_can_write_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVING_SECRET", "s3cret")
    fresh = TableReader()
    try:
        read(fresh, GOOD)
        assert fresh.worker is not None
        process = psutil.Process(fresh.worker.pid)
        assert "SERVING_SECRET" not in process.environ()
        assert process.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)
        assert process.rlimit(psutil.RLIMIT_CORE) == (0, 0)
        assert not process.net_connections("inet")
    finally:
        fresh.close()
