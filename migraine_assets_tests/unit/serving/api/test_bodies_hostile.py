"""Bodies and headers that are made to harm: each affects its own request only, and none takes much memory or time."""

import json
import time
from collections.abc import Iterator

import httpx
import psutil
import pytest

from migraine_assets_tests.unit.serving.trained import fresh_store, history, running
from serving.contract.requests import ENTRIES, PARTICIPANTS
from serving.services import Services

ADDRESSES = ("/predict", "/predict/batch", "/feedback", "/v2/models/attack/infer")
DEEP = 100_000
MIB = 1 << 20
JSON = {"content-type": "application/json"}

NUMBERS = ("1e400", "-1e400", "NaN", "Infinity", "9" * 400, "9" * 5000, "-0.0", "1e-400", "0x10", "01", "1.", ".5")
STRINGS = (r'"\ud800"', r'"\u0000"', '"\x00"', '"' + "a" * 100_000 + '"', r'"\u202e"', '""')
NESTED = ("[" * DEEP, "[" * DEEP + "]" * DEEP, '{"a":' * DEEP + "1" + "}" * DEEP, "[[1,2],1]", "[[[1]]]", "[{}]", "{}")
VALUES = (*NUMBERS, *STRINGS, *NESTED, "null", "true", "[]")
TEMPLATES = (
    "%s",
    '{"age": %s}',
    '{"unknown": %s}',
    '{"entries": %s}',
    '{"entries": [%s]}',
    '{"entries": [{"date": "2026-01-01", "age": %s}]}',
    '{"items": %s}',
    '{"items": [%s]}',
    '{"items": [{"age": %s}, {"entries": [%s]}]}',
    '{"prediction_id": %s, "migraine_occurrence": 1}',
    '{"inputs": %s}',
    '{"inputs": [{"name": "features", "shape": [1, 1], "datatype": "FP32", "data": %s}]}',
    '{"inputs": [{"name": "features", "shape": [1, 1], "datatype": "FP32", "data": [%s, 1]}]}',
    '{"inputs": [{"name": "features", "shape": [%s, 1], "datatype": "FP32", "data": [1]}]}',
    '{"inputs": [], "parameters": {"a": %s, "binary_data_output": %s}}',
    '{"age": 1, "age": %s}',
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Services]]:
    folder = tmp_path_factory.mktemp("hostile")
    with running(fresh_store(folder), folder) as connected:
        yield connected


@pytest.fixture(scope="module")
def client(served: tuple[httpx.Client, Services]) -> httpx.Client:
    return served[0]


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_value_makes_an_internal_error(client: httpx.Client, address: str) -> None:
    for template in TEMPLATES:
        for value in VALUES:
            body = template.replace("%s", value).encode()
            status = client.post(address, content=body, headers=JSON).status_code
            assert status < 500, (template, value[:50])
    for content in (b"", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf{}", b'"'):
        assert 400 <= client.post(address, content=content, headers=JSON).status_code < 500


def test_one_item_nested_too_deeply_is_a_problem_of_the_batch_only(client: httpx.Client) -> None:
    nested = b'{"items": [{"age": 30}, {"age": ' + b"[" * DEEP + b"]" * DEEP + b"}]}"
    response = client.post("/predict/batch", content=nested, headers=JSON)
    assert (response.status_code, response.json()["type"]) == (400, "urn:migraine:problem:not-json")
    assert "nested" in response.json()["detail"]


@pytest.mark.parametrize("length", ["9" * 5000, "²", "-1", "+1", "1e3", "", "1" * 19])
def test_a_header_length_is_a_length(client: httpx.Client, length: str) -> None:
    headers = {b"Inference-Header-Content-Length": length.encode("latin-1")}
    response = client.post("/v2/models/attack/infer", content=b"{}", headers=headers)
    assert response.status_code == 400


LARGE = {
    "empty items": ("/predict/batch", b'{"items":[' + b"{}," * 8_000_000 + b"{}]}", 413),
    "numbers as items": ("/predict/batch", b'{"items":[' + b"1," * 12_000_000 + b"1]}", 413),
    "words as items": ("/predict/batch", b'{"items":[' + b'"",' * 8_000_000 + b'""]}', 413),
    "days without end": (
        "/predict/batch",
        b'{"items":[{"entries":[' + b'{"date":"2026-01-01"},' * 1_000_000 + b"{}]}]}",
        413,
    ),
    "an item of many numbers": ("/predict/batch", b'{"items":[{"age":[' + b"1.5," * 6_000_000 + b"1]}]}", 200),
    "something beside the items": ("/predict/batch", b'{"more":[' + b"1.5," * 6_000_000 + b'1],"items":[{}]}', 422),
    "tensors": ("/v2/models/attack/infer", b'{"inputs":[{"data":[' + b"1.5," * 6_000_000 + b"1]}]}", 413),
    "nested tensors": ("/v2/models/attack/infer", b'{"inputs":[{"data":[' + b"[]," * 8_000_000 + b"[]]}]}", 413),
}


@pytest.mark.parametrize("name", LARGE)
def test_a_large_body_takes_little_more_memory_than_its_bytes(client: httpx.Client, name: str) -> None:
    address, body, status = LARGE[name]
    process = psutil.Process()
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")  # the peak counts from now on
    before, started = process.memory_info().rss, time.perf_counter()
    response = client.post(address, content=body, headers=JSON)
    assert response.status_code == status, response.text[:300]
    # The parts that arrive, the body that they are joined to, and the copy that the client sends.
    assert _peak() - before < 3 * len(body) + 128 * MIB
    assert time.perf_counter() - started < 20


def _peak() -> int:
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))


def test_the_largest_batch_of_one_item_is_accepted(client: httpx.Client) -> None:
    body = json.dumps({"items": [{"entries": history(ENTRIES)}] * (PARTICIPANTS // 20)}).encode()
    response = client.post("/predict/batch", content=body, headers=JSON)
    assert response.status_code == 200
    assert all(item["result"] for item in response.json()["items"])


def test_bodies_beyond_the_memory_of_all_requests_are_refused(served: tuple[httpx.Client, Services]) -> None:
    client, services = served
    body = json.dumps({"items": [{"age": 30}]}).encode()
    with services.bodies.hold() as lease:
        lease.add(services.bodies.most - 1)
        response = client.post("/predict/batch", content=body, headers=JSON)
        assert (response.status_code, response.json()["type"]) == (503, "urn:migraine:problem:overloaded")
        assert response.headers["Retry-After"]
    assert client.post("/predict/batch", content=body, headers=JSON).status_code == 200
    assert services.bodies.used == 0
